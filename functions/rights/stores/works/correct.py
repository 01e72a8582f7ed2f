"""Correct: field by field, each only while it holds the value that was seen when the plan was made.

What is to change (`changes`) and what was seen (`seen`) lie sealed with the request. What came of each field is kept as
one letter per field with the task, so that the sealed list of values before and after can be written whole at every
page: a page that is done twice is counted and listed once.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from rights.domain.identity import KeySet
from rights.domain.work import Counts
from rights.ledger.model import Task
from rights.stores.contract import Corrected, Seen
from rights.stores.works.doing import Done, ReadBack, Tools, entry_of, part_of

PAGE = 25
_LETTERS: dict[Corrected, str] = {"corrected": "c", "conflict": "x", "gone": "g"}
_MEANING = {letter: result for result, letter in _LETTERS.items()}


class Correct:
    """Puts new values in the place of those seen; what differs from what was seen is a conflict and stays as it is."""

    reads_back = True

    def __init__(self, tools: Tools, request_id: str, store: str) -> None:
        self._tools = tools
        self._request_id = request_id
        self._store = store

    def found(self, keys: KeySet) -> Mapping[str, int]:
        """The fields seen."""
        del keys
        found: dict[str, int] = {}
        for seen in self._seen():
            found[seen.collection] = found.get(seen.collection, 0) + 1
        return found

    def do_page(self, task: Task, keys: KeySet, name: str) -> tuple[Task, Done]:
        """Correct the next fields, and list before and after under seal."""
        start = int(task.cursor["at"]) if task.cursor else 0
        fields = [seen for seen in self._seen() if seen.collection == name]
        page = fields[start : start + PAGE]
        results = "".join(_LETTERS[self._correct(keys, seen)] for seen in page)
        letters = _letters(task, name)[:start] + results
        # Before the checkpoint: what was changed is on record whatever happens next.
        self._write(task, {name: letters})
        counts = Counts(corrected=results.count("c"), conflicts=results.count("x"))
        end = start + len(page)
        return task, Done(counts, {"at": end} if end < len(fields) else None, {"results": letters})

    def read_page(self, task: Task, keys: KeySet, name: str) -> ReadBack:
        """What neither holds the new value nor is known to be in conflict is left, and so is what came in meanwhile."""
        self._write(task, {})
        fields = [seen for seen in self._seen() if seen.collection == name]
        known = dict(zip((seen.place for seen in fields), _letters(task, name), strict=False))
        now = (seen for seen in self._tools.connector.seen(keys, tuple(self._changes)) if self._is_meant(seen))
        here = (seen for seen in now if seen.collection == name)
        left = [seen for seen in here if known.get(seen.place) != "x" and not self._is_new(keys, seen)]
        listed = {seen.place for seen in fields}
        if late := [seen.to_dict() for seen in left if seen.place not in listed]:
            self._late = [*self._late, *late]
            self._tools.ledger.put_private(self._request_id, self._part_of_late, self._late)
        return ReadBack(len(left))

    def again(self, task: Task) -> Task:
        """Another round goes through all fields anew: those corrected hold the new value, and count again."""
        return replace(task, counts=Counts(), by_collection={})

    def _correct(self, keys: KeySet, seen: Seen) -> Corrected:
        change = self._changes[seen.subject]
        told = change.get("from")
        if told is not None and not _same(told, seen.value) and not _same(change["to"], seen.value):
            return "conflict"
        return self._tools.connector.correct(seen.collection, keys, seen.key, seen.field, seen.value, str(change["to"]))

    def _is_meant(self, seen: Seen) -> bool:
        """A field that holds nothing repeats nothing: a correction adds no data where there was none."""
        return seen.subject in self._changes and seen.value is not None

    def _is_new(self, keys: KeySet, seen: Seen) -> bool:
        """The store itself says so where the words differ: a date may be written in more ways than one."""
        value = str(self._changes[seen.subject]["to"])
        if seen.value == value:
            return True
        return self._tools.connector.correct(seen.collection, keys, seen.key, seen.field, value, value) != "conflict"

    def _write(self, task: Task, more: Mapping[str, str]) -> None:
        listed = []
        for name in part_of(self._tools.connector.collections(), task):
            fields = [seen for seen in self._seen() if seen.collection == name]
            for seen, letter in zip(fields, more.get(name, _letters(task, name)), strict=False):
                listed.append(
                    {
                        "collection": name,
                        "field": seen.field,
                        "subject": seen.subject,
                        "before": seen.value,
                        "after": self._changes[seen.subject]["to"] if letter == "c" else seen.value,
                        "result": _MEANING[letter],
                    }
                )
        self._tools.ledger.put_private(self._request_id, f"corrected.{self._store}", listed)

    def _seen(self) -> list[Seen]:
        """What was seen when the plan was made, then what came in since; the places of the first never move."""
        found = (Seen.from_dict(raw) for raw in (*self._planned, *self._late))
        return [seen for seen in found if self._is_meant(seen)]

    @cached_property
    def _planned(self) -> list[dict[str, Any]]:
        planned: list[dict[str, Any]] = (self._private("seen") or {}).get(self._store, [])
        return planned

    @cached_property
    def _late(self) -> list[dict[str, Any]]:
        late: list[dict[str, Any]] = self._private(self._part_of_late) or []
        return late

    @cached_property
    def _changes(self) -> dict[str, dict[str, str]]:
        changes: dict[str, dict[str, str]] = self._private("changes") or {}
        return changes

    @property
    def _part_of_late(self) -> str:
        return f"seen.{self._store}"

    def _private(self, part: str) -> Any:
        return self._tools.ledger.private(self._request_id, part)


def _letters(task: Task, name: str) -> str:
    return str(entry_of(task, name).get("results", ""))


def _same(one: object, other: object) -> bool:
    """Equal but for what a keyboard decides: composed or not, capital or not, spaces around it."""
    texts = (unicodedata.normalize("NFC", str(value)).strip().casefold() for value in (one, other))
    return len(set(texts)) == 1
