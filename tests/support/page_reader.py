"""A page as a browser sees it: tags in balance, links, ids, and the text."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "source"}


class Reader(HTMLParser):
    """What there is to see."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        known = dict(attrs)
        self.links += [value for name in ("href", "src", "srcset") if (value := known.get(name))]
        self.ids += [value for value in [known.get("id")] if value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        assert tag in {"polyline", "line"}  # of SVG: in HTML nothing closes itself

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(page: str) -> Reader:
    """Read it; each tag that opens closes."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader
