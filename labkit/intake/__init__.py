"""Room: what a class handed in, read with distrust: downloads of learning platforms, archives, rosters."""
