"""Run directories: written as things happen, read back whole."""
