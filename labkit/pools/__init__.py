"""Where runs execute: threads of this process, let in by what they need and what this host has."""
