"""labkit: disposable kernel labs, graded on what the kernel really did."""
