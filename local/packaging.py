"""One archive per function: its folder, the shared package, the bootstrap; dependencies stay in the environment."""

import hashlib
import io
import shlex
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

SHARED = "rights"
_RUNTIME = Path(__file__).with_name("runtime.py")
RUNTIME_NAME = "_local_runtime.py"
_EPOCH = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Archive:
    """A packaged function: the same sources always give the same bytes."""

    content: bytes

    @property
    def key(self) -> str:
        """The name under which it is stored, from its content."""
        return f"code/{hashlib.sha256(self.content).hexdigest()[:32]}.zip"


class Packager:
    """Packages functions of one import root, reading each file once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: dict[str, list[tuple[str, bytes]]] = {}

    def package(self, handler: str) -> Archive:
        """Package the function whose handler is `<folder>.<module>.<name>`."""
        folder = handler.split(".", 1)[0]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            _write(archive, "bootstrap", _bootstrap().encode(), mode=0o755)
            _write(archive, RUNTIME_NAME, _RUNTIME.read_bytes())
            for name, content in [*self._files(SHARED), *self._files(folder)]:
                _write(archive, name, content)
        return Archive(buffer.getvalue())

    def _files(self, folder: str) -> list[tuple[str, bytes]]:
        if folder not in self._folders:
            if not (self._root / folder).is_dir():
                message = f"no folder {folder} in {self._root} for a handler that names it"
                raise FileNotFoundError(message)
            self._folders[folder] = [
                (path.relative_to(self._root).as_posix(), path.read_bytes())
                for path in sorted((self._root / folder).rglob("*"))
                if path.is_file() and "__pycache__" not in path.parts
            ]
        return self._folders[folder]


def _bootstrap() -> str:
    return f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$LAMBDA_TASK_ROOT/{RUNTIME_NAME}"\n'


def _write(archive: zipfile.ZipFile, name: str, content: bytes, mode: int = 0o644) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = mode << 16
    archive.writestr(info, content)
