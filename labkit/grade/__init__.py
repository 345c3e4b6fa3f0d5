"""Evidence to verdict: parsers of what a kernel says, the words of checks, scoring. Pure."""
