"""The live view of a guest's memory, a frame at a time."""
