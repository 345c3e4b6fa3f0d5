"""The way into a running guest: keys, SSH, the serial console, what is laid in and what is copied out."""
