"""A source as Python's and pyarrow's readers want a file: with a place in it."""

import io

from rights.lake.model import Source


class SourceFile(io.RawIOBase):
    """A source with a place in it; `ahead` bytes are fetched at once where less is asked for."""

    def __init__(self, source: Source, ahead: int = 0) -> None:
        super().__init__()
        self._source = source
        self._ahead = ahead
        self._place = 0
        self._start = 0
        self._held = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The place."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._source.size}[whence]
        self._place = base + offset
        return self._place

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes."""
        left = self._source.size - self._place
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted <= 0:
            return b""
        begin = self._place - self._start
        if begin < 0 or begin + wanted > len(self._held):
            self._held = self._source.read_range(self._place, max(wanted, min(self._ahead, left)))
            self._start, begin = self._place, 0
        found = self._held[begin : begin + wanted]
        if not self._ahead:
            self._held = b""
        self._place += len(found)
        return found

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """The same, into a buffer."""
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)
