"""What the person gets of a partner's answer on access: who was asked and what it said, and the file it handed over."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from rights.datamap.model import StoreMap
from rights.ledger.model import Task
from rights.stores.contract import File, Readable, Record
from rights.stores.opendsr.processor import Processor

_KINDS = frozenset({".csv", ".json", ".jsonl", ".ndjson", ".pdf", ".txt", ".xml", ".zip"})
"""Whatever else a stranger's file calls itself, it is handed over as bytes that open as nothing."""


def record_of(store: StoreMap, task: Task, *, handed_over: bool) -> Record:
    """What the person is told of this recipient, among the records of the package."""
    facts = task.recipient
    return {
        "recipient": store.name,
        "asked_at": facts.get("asked_at"),
        "answer": facts.get("answer"),
        "answered_at": facts.get("confirmed_at"),
        "records_by_its_own_count": facts.get("results_count"),
        "answered_by": "this_package" if handed_over else "the_recipient_itself",
    }


def file_of(processor: Processor, url: str) -> File:
    """What the partner hands over, streamed from its own host when the package takes it."""

    @contextmanager
    def opened() -> Iterator[Readable]:
        with processor.results(url) as stream:
            yield stream

    kind = PurePosixPath(urlsplit(url).path).suffix.lower()
    return File(0, f"results{kind if kind in _KINDS else '.bin'}", opened)
