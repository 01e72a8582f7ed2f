"""The package of an access or a portability: one ZIP with every record of the person, built as a stream.

Inside: `index.html` (what was found where, for whom and why it is held), `data/<store>/<collection>.json` with all
records, the files of object stores beside them, and `manifest.json` with the SHA-256 of each file. A portability has
`data/<store>/<collection>.csv` and one `schema.json` besides (`rights.portable`). Nothing is held in memory but one
record and one part of the upload, whatever the size: what is written twice, as JSON and as CSV, is read twice.
"""

import hashlib
import html
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Protocol

from rights.datamap import DataMap
from rights.domain.rights import Right
from rights.errors import PackageIncompleteError
from rights.ledger.model import Request, Task
from rights.portable import Shape, to_csv, to_schema

_CHUNK = 1024 * 1024


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


class Parts(Protocol):
    """The exported parts of one request, called `<store>/<collection>/<page>.jsonl` and `.../files/<name>`."""

    def names(self, folder: str) -> Iterator[str]:
        """The names under a folder, in order."""
        ...

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of one exported object, piece by piece."""
        ...

    def lines(self, name: str) -> Iterator[bytes]:
        """The records of one exported page, one at a time."""
        ...


class Exports:
    """The exported pages and files of one request, as the connectors left them in the package bucket."""

    def __init__(self, s3: Any, bucket: str, request_id: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = f"exports/{request_id}/"

    def names(self, folder: str) -> Iterator[str]:
        """The names under a folder, in order."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix + folder)
        for page in pages:
            for item in page.get("Contents", ()):
                yield item["Key"].removeprefix(self._prefix)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of one exported object, piece by piece."""
        body = self._s3.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"]
        yield from body.iter_chunks(_CHUNK)

    def lines(self, name: str) -> Iterator[bytes]:
        """The records of one exported page."""
        body = self._s3.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"]
        yield from (line for line in body.iter_lines(_CHUNK) if line)

    def clear(self) -> None:
        """Remove the exported objects: the package holds them now, and nothing is kept twice."""
        for name in list(self.names("")):
            self._s3.delete_object(Bucket=self._bucket, Key=self._prefix + name)


def write_package(
    sink: Sink, exports: Parts, request: Request, tasks: list[Task], *, data_map: DataMap, now: datetime
) -> None:
    """Write the whole package to `sink`; PackageIncompleteError names a store whose pages are not all there."""
    shapes: dict[tuple[str, str], Shape] = {}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        package = _Archive(archive, now)
        package.add("index.html", [_index(request, tasks, data_map).encode()])
        for task in tasks:
            store = data_map.store(task.store)
            for name in task.by_collection:
                shape = shapes[task.store, name] = Shape(store.collection(name))
                _add_collection(package, exports, task, shape, in_csv=is_portable(request))
        if is_portable(request):
            package.add("schema.json", [_json(to_schema(request, shapes, data_map))])
        manifest = {"request_id": request.id, "made_at": now.isoformat(), "sha256": package.hashes}
        package.add("manifest.json", [_json(manifest)])


def is_portable(request: Request) -> bool:
    """True for who asked for their data in a form that another service can read."""
    return request.right is Right.PORTABILITY


def _add_collection(package: "_Archive", exports: Parts, task: Task, shape: Shape, *, in_csv: bool) -> None:
    """Add one collection: its records as JSON, as CSV if wanted, and its files."""
    name = shape.collection.name
    folder = f"{task.store}/{name}/"
    parts = list(exports.names(folder))
    # Under the folder itself: a collection may be called "files" too.
    files = [part for part in parts if part.startswith(f"{folder}files/")]
    pages = [part for part in parts if not part.startswith(f"{folder}files/")]
    package.add(f"data/{task.store}/{name}.json", _as_json(exports, pages, shape))
    if shape.count != int(task.by_collection[name]["exported"]):
        raise PackageIncompleteError(task.store)
    if in_csv:
        # Only now is it known which columns there are.
        records = (json.loads(line) for page in pages for line in exports.lines(page))
        package.add(f"data/{task.store}/{name}.csv", to_csv(records, shape.columns))
    for part in files:
        package.add(f"data/{part}", exports.chunks(part))


def _as_json(exports: Parts, pages: Iterable[str], shape: Shape) -> Iterator[bytes]:
    """The records of all pages as one list, each looked at as it goes by."""
    for page in pages:
        for line in exports.lines(page):
            yield (b",\n" if shape.count else b"[\n") + line
            shape.see(json.loads(line))
    yield b"\n]\n" if shape.count else b"[]\n"


class _Archive:
    """A ZIP under construction that remembers the hash of what went in."""

    def __init__(self, archive: zipfile.ZipFile, now: datetime) -> None:
        self._archive = archive
        self._moment = now.timetuple()[:6]
        self.hashes: dict[str, str] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        entry = zipfile.ZipInfo(name, date_time=self._moment)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        digest = hashlib.sha256()
        # Sizes are unknown until the end, and the sink cannot go back: ZIP64 fields are left room for.
        with self._archive.open(entry, "w", force_zip64=True) as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        self.hashes[name] = digest.hexdigest()


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


_HOW_TO_READ = (
    "<p>Each collection is here twice, for other services to read: as JSON, a list of records, and as CSV, a table "
    'with a header row. <a href="schema.json">schema.json</a> describes the fields of both (JSON Schema 2020-12), and '
    '<a href="manifest.json">manifest.json</a> lists the SHA-256 of each file. The values are exactly as we hold them: '
    "if you open a CSV file in a spreadsheet, import its columns as text.</p>"
)


def _index(request: Request, tasks: list[Task], data_map: DataMap) -> str:
    portable = is_portable(request)
    rows = "\n".join(_row(task, name, data_map, portable=portable) for task in tasks for name in task.by_collection)
    refused = "".join(
        f"<p>{html.escape(data_map.store(task.store).name)}: not handed over, on ground {task.refused} "
        "of clause 1(6).3 of our privacy policy.</p>"
        for task in tasks
        if task.refused is not None
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>Your data at Tinh Tinh Mall</title></head><body>"
        f"<h1>Your data at Tinh Tinh Mall</h1><p>Request {request.id}, received {request.received_at[:10]}.</p>"
        f"{_HOW_TO_READ if portable else ''}{refused}"
        '<table><thead><tr><th scope="col">Store</th><th scope="col">Records</th><th scope="col">What for</th>'
        '<th scope="col">On what basis</th><th scope="col">Passed on to</th><th scope="col">Kept</th></tr></thead>'
        f"<tbody>\n{rows}\n</tbody></table></body></html>\n"
    )


def _row(task: Task, name: str, data_map: DataMap, *, portable: bool) -> str:
    store = data_map.store(task.store)
    collection = store.collection(name)
    rights = collection.rights
    term = f"{rights.retention.period} ({rights.retention.source})" if rights and rights.retention else "-"
    cells = (
        int(task.by_collection[name].get("exported", 0)),
        rights.purpose if rights else "-",
        rights.legal_basis if rights else "-",
        ", ".join(rights.recipients) if rights and rights.recipients else "-",
        term,
    )
    path = f"data/{task.store}/{name}"
    csv = f' (<a href="{path}.csv">CSV</a>)' if portable else ""
    link = f'<th scope="row"><a href="{path}.json">{html.escape(f"{store.name}: {name}")}</a>{csv}</th>'
    return f"<tr>{link}{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in cells)}</tr>"
