"""Hallway: many configurations of a guest compared: trials made, kept, analysed."""
