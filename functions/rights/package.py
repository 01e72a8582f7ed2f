"""The package of an access: one ZIP with every record of the person, built as a stream from the exported pages.

Inside: `index.html` (what was found where, for whom and why it is held), `data/<store>/<collection>.json` with all
records, the files of object stores beside them, and `manifest.json` with the SHA-256 of each file. Nothing is held in
memory but one page of records and one part of the upload, whatever the size.
"""

import hashlib
import html
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from rights.datamap import DataMap
from rights.errors import PackageIncompleteError
from rights.ledger.model import Request, Task
from rights.upload import Upload

_CHUNK = 1024 * 1024


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
    sink: Upload, exports: Exports, request: Request, tasks: list[Task], *, data_map: DataMap, now: datetime
) -> None:
    """Write the whole package to `sink`; PackageIncompleteError names a store whose pages are not all there."""
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        package = _Archive(archive, now)
        package.add("index.html", [_index(request, tasks, data_map).encode()])
        for task in tasks:
            for collection in task.by_collection:
                folder = f"{task.store}/{collection}/"
                names = list(exports.names(folder))
                # Under the folder itself: a collection may be called "files" too.
                files = [name for name in names if name.startswith(f"{folder}files/")]
                pages = [name for name in names if not name.startswith(f"{folder}files/")]
                records = _Records(exports, pages)
                package.add(f"data/{task.store}/{collection}.json", records.as_json())
                if records.count != int(task.by_collection[collection]["exported"]):
                    raise PackageIncompleteError(task.store)
                for name in files:
                    package.add(f"data/{name}", exports.chunks(name))
        manifest = {"request_id": request.id, "made_at": now.isoformat(), "sha256": package.hashes}
        package.add("manifest.json", [json.dumps(manifest, indent=1).encode()])


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


class _Records:
    """The records of a collection over all its pages, counted as they go by."""

    def __init__(self, exports: Exports, pages: Iterable[str]) -> None:
        self._exports = exports
        self._pages = pages
        self.count = 0

    def as_json(self) -> Iterator[bytes]:
        for page in self._pages:
            for line in self._exports.lines(page):
                yield (b",\n" if self.count else b"[\n") + line
                self.count += 1
        yield b"\n]\n" if self.count else b"[]\n"


def _index(request: Request, tasks: list[Task], data_map: DataMap) -> str:
    rows = "\n".join(_row(task, name, data_map) for task in tasks for name in task.by_collection)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>Your data at Tinh Tinh Mall</title></head><body>"
        f"<h1>Your data at Tinh Tinh Mall</h1><p>Request {request.id}, received {request.received_at[:10]}.</p>"
        '<table><thead><tr><th scope="col">Store</th><th scope="col">Records</th><th scope="col">What for</th>'
        '<th scope="col">On what basis</th><th scope="col">Passed on to</th><th scope="col">Kept</th></tr></thead>'
        f"<tbody>\n{rows}\n</tbody></table></body></html>\n"
    )


def _row(task: Task, name: str, data_map: DataMap) -> str:
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
    link = f'<th scope="row"><a href="data/{task.store}/{name}.json">{html.escape(f"{store.name}: {name}")}</a></th>'
    return f"<tr>{link}{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in cells)}</tr>"
