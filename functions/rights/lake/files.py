"""Files on a disk as sources and sinks: the benchmarks and the tests read and write them as a connector does S3."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self


class FileSource:
    """A file, read by ranges; it counts what it read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = path.stat().st_size
        self.bytes_read = 0

    def read_range(self, start: int, length: int) -> bytes:
        """Some of its bytes."""
        with self._path.open("rb", buffering=0) as file:
            file.seek(start)
            found = file.read(length)
        self.bytes_read += len(found)
        return found


class FileSink:
    """A file that is written anew."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write(self, data: Any) -> int:
        """Take bytes."""
        return self._file.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
