"""Room: a course's rules about time and attempts, applied to scores after they stand. Pure but for a file."""
