"""The table every room works on: frozen values, no I/O."""
