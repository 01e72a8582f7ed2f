"""The exported parts that a package is made of, as the connectors left them in the package bucket."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from rights.errors import AwsUnavailableError

_CHUNK = 1024 * 1024
_DELETED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """One exported object: `<store>/<collection>/<page>.jsonl` or `.../files/<name>`; its size is in bytes."""

    name: str
    size: int

    @property
    def collection(self) -> tuple[str, str]:
        """The store and the collection."""
        store, collection, _ = self.name.split("/", 2)
        return store, collection

    @property
    def is_file(self) -> bool:
        """True for a file that belongs to a record, false for a page of records; a collection may be called so too."""
        return self.name.split("/", 2)[2].startswith("files/")


class Parts(Protocol):
    """The exported parts of one request."""

    def listing(self) -> Iterator[Part]:
        """All parts, by name: those of a collection in a row, its pages before its files."""
        ...

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of one exported object, piece by piece."""
        ...

    def lines(self, name: str) -> Iterator[bytes]:
        """The records of one exported page, one at a time."""
        ...


class Exports:
    """The exported pages and files of one request in the package bucket."""

    def __init__(self, s3: Any, bucket: str, request_id: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = f"exports/{request_id}/"

    def listing(self) -> Iterator[Part]:
        """All parts, in the order of their names."""
        yield from self._listed("")

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of one exported object, piece by piece."""
        body = self._s3.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"]
        yield from body.iter_chunks(_CHUNK)

    def lines(self, name: str) -> Iterator[bytes]:
        """The records of one exported page."""
        body = self._s3.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"]
        yield from (line for line in body.iter_lines(_CHUNK) if line)

    def clear(self, folder: str = "") -> None:
        """Remove the exported objects under a folder, by default all: nothing is kept twice, and nothing outdated."""
        while batch := list(islice(self._listed(folder), _DELETED_AT_ONCE)):
            wanted = {"Objects": [{"Key": self._prefix + part.name} for part in batch], "Quiet": True}
            if self._s3.delete_objects(Bucket=self._bucket, Delete=wanted).get("Errors"):
                message = "some exported objects of a request were not deleted"
                raise AwsUnavailableError(message)

    def _listed(self, folder: str) -> Iterator[Part]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix + folder)
        for page in pages:
            for item in page.get("Contents", ()):
                yield Part(item["Key"].removeprefix(self._prefix), int(item["Size"]))
