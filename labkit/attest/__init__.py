"""Room: what an official run signs, and how a signature is checked. It touches only the files it is given."""
