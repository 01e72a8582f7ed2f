"""Reading a page: its elements in order, with what is around them, and the text a person sees."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_EMPTY = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)


@dataclass
class Element:
    """One element."""

    name: str
    attributes: dict[str, str]
    parents: tuple[str, ...]
    form: int | None
    """Which form of the page it is in, by order."""
    text: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


class Page(HTMLParser):
    """A page, read."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self._forms = 0
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "form":
            self._forms += 1
        inside = any(element.name == "form" for element in self._open) or tag == "form"
        parents = tuple(element.name for element in self._open)
        element = Element(tag, {name: value or "" for name, value in attrs}, parents, self._forms if inside else None)
        self.elements.append(element)
        if tag not in _EMPTY:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].name == tag, f"</{tag}> closes <{self._open[-1].name}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text.append(data)

    def all(self, name: str, /, **attributes: str) -> list[Element]:
        """The elements of a name with these attributes."""
        return [
            element
            for element in self.elements
            if element.name == name and attributes.items() <= element.attributes.items()
        ]

    def one(self, name: str, /, **attributes: str) -> Element:
        """The only such element."""
        [element] = self.all(name, **attributes)
        return element

    @property
    def words(self) -> str:
        """What a person reads."""
        return self.one("body").words
