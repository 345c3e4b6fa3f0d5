"""A run as one page for a browser: no network, no script, readable on a phone and on paper."""
