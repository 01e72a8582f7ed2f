"""Web pages of a door: the Jinja templates of a folder, and the fingerprinted files that they link to."""

import hashlib
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from aws_lambda_powertools.event_handler import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rights.door import prefix_of
from rights.http import ApiError, respond

_FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}


class StaticFile(NamedTuple):
    """A file as it is served: the name carries its fingerprint, so it may be kept for ever."""

    name: str
    content_type: str
    body: str


@cache
def _static_files(folder: Path) -> dict[str, StaticFile]:
    files = {}
    for path in sorted(folder.iterdir()):
        body = path.read_text("utf-8")
        name = f"{path.stem}.{hashlib.sha256(body.encode()).hexdigest()[:12]}{path.suffix}"
        files[name] = StaticFile(name, _TYPES[path.suffix], body)
    return files


class WebPages:
    """Renders pages whose links all stay under the base URL's path.

    `folder` holds `templates` and `static`; the files of the latter are served under the path `static_at`. `words`
    are what templates know besides `url` and `static`.
    """

    def __init__(
        self, folder: Path, base_url: str, static_at: str, *, filters: Mapping[str, Any], words: Mapping[str, Any]
    ) -> None:
        self.prefix = prefix_of(base_url)
        self._folder = folder
        self._static_at = static_at
        self._environment = Environment(
            loader=FileSystemLoader(folder / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= filters
        self._environment.globals |= {"url": self.url, "static": self.static, **words}

    @property
    def files(self) -> Mapping[str, StaticFile]:
        """The static files by the name they are served under."""
        return _static_files(self._folder / "static")

    def url(self, path: str) -> str:
        """A link to a path of ours."""
        return self.prefix + path

    def static(self, file: str) -> str:
        """A link to a static file, by the name it has in the repository."""
        stem, _, suffix = file.partition(".")
        name = next(n for n in self.files if n.startswith(f"{stem}.") and n.endswith(f".{suffix}"))
        return self.url(f"{self._static_at}/{name}")

    def serve(self, name: str) -> Response[Any]:
        """A static file by the name that carries its fingerprint; ApiError `not_found` for any other."""
        file = self.files.get(name)
        if file is None:
            raise ApiError("not_found")
        return respond(HTTPStatus.OK, file.body, file.content_type, headers={"Cache-Control": _FOR_EVER})

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """A page, or a part of one."""
        return self._environment.get_template(f"{template}.html.j2").render(dict(values))
