"""One archive per function: its folder, the shared package, the bootstrap; dependencies stay in the environment."""

import hashlib
import io
import py_compile
import shlex
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path

from local.nursery import ADDRESS

SHARED = "rights"
_NURSERY = Path(__file__).with_name("nursery.py")
_RUNTIME = Path(__file__).with_name("runtime.py")
RUNTIME_NAME = "_local_runtime.py"
_EPOCH = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Archive:
    """A packaged function: the same sources always give the same bytes."""

    content: bytes
    sources: str
    """A hash of what it holds but the bytecode, which may differ between two compilations of one source."""

    @property
    def key(self) -> str:
        """The name under which it is stored, from its sources."""
        return f"code/{self.sources[:32]}.zip"


class Packager:
    """Packages functions of one import root, reading each file once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: dict[str, list[tuple[str, bytes]]] = {}

    def package(self, handler: str) -> Archive:
        """Package the function whose handler is `<folder>.<module>.<name>`."""
        folder = handler.split(".", 1)[0]
        files = [(RUNTIME_NAME, _RUNTIME.read_bytes()), *self._files(SHARED), *self._files(folder)]
        buffer, sources = io.BytesIO(), hashlib.sha256()
        with zipfile.ZipFile(buffer, "w") as archive:
            _write(archive, "bootstrap", _bootstrap().encode(), mode=0o755)
            for name, content in files:
                _write(archive, name, content)
                sources.update(b"%s %d " % (name.encode(), len(content)) + content)
                if name.endswith(".py") and name != RUNTIME_NAME:
                    _write(archive, cache_from_source(name), _compiled(content))
        return Archive(buffer.getvalue(), sources.hexdigest())

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


@cache
def _compiled(source: bytes) -> bytes:
    """The bytecode of a module, which a function would else compile anew: a third of what its start takes here.

    Python takes it without a look at the source (PEP 552, an unchecked hash), since an archive is never edited.
    """
    with tempfile.TemporaryDirectory() as folder:
        module, compiled = Path(folder, "module.py"), Path(folder, "module.pyc")
        module.write_bytes(source)
        py_compile.compile(
            str(module), str(compiled), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
        )
        return compiled.read_bytes()


def _bootstrap() -> str:
    """Ask the nursery where there is one, else start the interpreter."""
    python, script = shlex.quote(sys.executable), f'"$LAMBDA_TASK_ROOT/{RUNTIME_NAME}"'
    born = f"{python} -I -S {shlex.quote(str(_NURSERY))} --ask {script}"
    return f'#!/bin/sh\n[ -z "${ADDRESS}" ] || exec {born}\nexec {python} {script}\n'


def _write(archive: zipfile.ZipFile, name: str, content: bytes, mode: int = 0o644) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = mode << 16
    archive.writestr(info, content)
