"""Formats that others read (EXPORTS.md): one module each, values to text, no files."""
