"""Hallway: many submissions of one lab: seeds, journal, rules, regrading, what is handed out and on."""
