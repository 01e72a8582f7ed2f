"""Files on a disk as sources and sinks: the benchmarks and the tests read and write them as a connector does S3."""

import os
from pathlib import Path
from typing import Any


class FileSource:
    """A file, read by ranges; it counts what it read."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.size = path.stat().st_size
        self.bytes_read = 0

    def read_range(self, start: int, length: int) -> bytes:
        """Some of its bytes."""
        found = os.pread(self._file.fileno(), length, start)
        self.bytes_read += len(found)
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class FileSink:
    """A file that is written anew."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write(self, data: Any) -> int:
        """Take bytes."""
        return self._file.write(data)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
