"""Guest image, kernel packs, and sandboxed compilation of C programs and kernel modules."""
