"""lab.toml and the files beside it: read, proven consistent, and turned into a Lab."""
