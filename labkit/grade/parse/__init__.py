"""One kernel text format a file: text in, frozen values out, ParseError when it is not that format."""
