"""How a mail carries the id of its notice to SES and back: a tag's value holds letters, digits, `_` and `-` only."""

_DOT = "__"


def tag_of(notice_id: str) -> str:
    """A notice's id as the value of a tag; no id has two underscores in a row."""
    return notice_id.replace(".", _DOT)


def notice_of(tag: str) -> str:
    """The id of the notice that `tag_of` wrote."""
    return tag.replace(_DOT, ".")
