r"""File names that open on Windows, macOS, Linux and phones: what a name may be made of, and that no two are alike.

Windows knows no `\\ : * ? " < > |`, no trailing dot or space and no device names; it and macOS take `A` and `a` for
the same; long paths fail on the former. Folders are separated by `/`, as the ZIP specification says (4.4.17.1).
"""

import re
import unicodedata

LONGEST_PATH = 180
LONGEST_NAME = 40

NUMBERED = "\x1f"
"""Stands before the number of one of several files of the same name: no name has it, so no other file is meant."""

_UNWANTED = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]')
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}")


def safe_name(name: str) -> str:
    """The name of a file or folder with what could not be opened somewhere taken out; never empty."""
    text = _HALF_A_CHARACTER.sub("_", unicodedata.normalize("NFC", name))
    text = _UNWANTED.sub("_", text).strip().rstrip(". ")
    stem, ending = _parted(text)
    text = (stem[: LONGEST_NAME - len(ending)].rstrip(". ") + ending) or "_"
    return f"_{text}"[:LONGEST_NAME].rstrip(". ") if _DEVICE.fullmatch(text) or text.startswith(".") else text


class Names:
    """The names of one ZIP. The same wanted path gets the same name, another one another, also by case."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()
        self._folders: set[str] = set()

    def of(self, wanted: str) -> str:
        """The name under which a path, written with `/`, goes into the ZIP."""
        if wanted not in self._given:
            self._given[wanted] = self._claim([safe_name(part) for part in wanted.split("/")])
        return self._given[wanted]

    def _claim(self, parts: list[str]) -> str:
        *folders, name = parts
        # A file may already have the name of a folder: what is in the folder then goes beside it.
        for place in range(len(folders)):
            while _key(folders[: place + 1]) in self._taken:
                folders[place] = f"{folders[place][: LONGEST_NAME - 1]}_"
        stem, ending = _parted(name)
        number = 1
        while _key([*folders, name]) in self._taken | self._folders:
            number += 1
            mark = f"-{number}"
            name = stem[: LONGEST_NAME - len(mark) - len(ending)] + mark + ending
        self._taken.add(_key([*folders, name]))
        self._folders |= {_key(folders[: place + 1]) for place in range(len(folders))}
        return "/".join([*folders, name])


def _key(parts: list[str]) -> str:
    return unicodedata.normalize("NFKC", "/".join(parts).casefold()).casefold()


def _parted(name: str) -> tuple[str, str]:
    """A name without its ending, and the ending with its dot."""
    stem, dot, ending = name.rpartition(".")
    return (stem, f".{ending}") if dot and stem and _ENDING.fullmatch(f".{ending}") else (name, "")


def zip_name(reference: str, number: int, of: int) -> str:
    """What the file of a volume is called when it is saved; `reference` is the request's short name."""
    return f"tinh-tinh-{reference}.zip" if of == 1 else f"tinh-tinh-{reference}-{number}-of-{of}.zip"
