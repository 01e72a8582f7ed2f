"""A ZIP under construction, written as a stream: it remembers size and hash of what went in, and nothing else of it."""

import hashlib
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from rights.domain.mall_time import MALL_TIME
from rights.packages.names import Names

_COMPRESSED = frozenset(
    word
    for line in (
        "7z aac avi avif bz2 docx gif gz heic heif jpeg jpg m4a m4v mkv mov mp3 mp4 odt ogg",
        "opus pdf png pptx rar webm webp wma wmv xlsx xz zip zst",
    )
    for word in line.split()
)
"""Endings of files that are compressed already: trying again costs time and gains nothing."""
_READABLE_BY_ALL = 0o100644 << 16


class Sink(Protocol):
    """A file that only grows: nobody can go back in it."""

    def write(self, data: bytes, /) -> int:
        """Take bytes in."""
        ...

    def flush(self) -> None:
        """Nothing need be done yet."""
        ...

    def close(self) -> None:
        """Nothing follows."""
        ...


class Archive:
    """Adds one entry after the other. Names are made safe; whoever links to an entry asks `names` for it."""

    def __init__(self, archive: zipfile.ZipFile, now: datetime) -> None:
        self._archive = archive
        # A ZIP knows no zones (4.4.6): the mall's own, as a person reads it.
        self._moment = now.astimezone(MALL_TIME).timetuple()[:6]
        self.names = Names()
        self.hashes: dict[str, str] = {}
        self.sizes: dict[str, int] = {}

    def add(self, wanted: str, chunks: Iterable[bytes], size: int = 0) -> str:
        """Add an entry, piece by piece, and return its name; `size` in bytes, where it is known, decides on ZIP64."""
        name = self.names.of(wanted)
        entry = zipfile.ZipInfo(name, date_time=self._moment)
        entry.compress_type = zipfile.ZIP_DEFLATED
        if name.rpartition(".")[2].lower() in _COMPRESSED:
            # Not "stored": of a stored entry whose size follows it, some readers cannot tell the end.
            entry._compresslevel = 0  # type: ignore[attr-defined]  # noqa: SLF001 - public from Python 3.13 on only
        entry.external_attr = _READABLE_BY_ALL
        entry.file_size = size
        digest, written = hashlib.sha256(), 0
        with self._archive.open(entry, "w") as file:
            for chunk in chunks:
                digest.update(chunk)
                written += len(chunk)
                file.write(chunk)
        self.hashes[name], self.sizes[name] = digest.hexdigest(), written
        return name
