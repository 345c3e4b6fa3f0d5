"""The virtual machine as a process: its command line, its life, its monitor, and what it may run on."""
