"""Judging many rows of PostgreSQL at once: no rule is asked of a row that would say the same of every row.

The rules themselves are `rights.stores.rules`, which judge one row. Here it is seen to that they are asked as seldom as
may be: once for a whole page where nothing depends on the row, once for each different combination of what they read
where something does. Rows stream, and so does what refers to them: a page is never in memory with its values.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rights.datamap.links import Link
from rights.datamap.model import Collection, StoreMap
from rights.domain.work import Disposition, Kept
from rights.stores.catalogue import Column
from rights.stores.contract import Change, ErasurePage, Rows
from rights.stores.database import Database
from rights.stores.rules import Judgement, is_settled, judge, rule_fields
from rights.stores.sql import Statements, key_value

_PARENTS_AT_ONCE = 5_000
_REMEMBERED = 20_000

Row = Mapping[str, Any]


class Judging:
    """What is to happen to rows of one store on one day."""

    def __init__(self, store: StoreMap, statements: Statements, database: Database, today: str) -> None:
        self._store = store
        self._statements = statements
        self._database = database
        self._today = today
        self._known: dict[tuple[Any, ...], Judgement] = {}

    def page(
        self, collection: Collection, columns: Mapping[str, Column], given: Rows, *, is_fresh: bool = False
    ) -> ErasurePage:
        """What is to happen to those of these rows that are there and the person's, as they just were if `is_fresh`."""
        if not len(given):
            return ErasurePage()
        if _depends_on_row(collection) or self._holding(collection):
            return self._one_by_one(collection, columns, given)
        there = given.columns if is_fresh else self._still_there(collection, columns, given)
        return ErasurePage(bulk=[Rows(given.names, there, collection.rights.on_deletion)] if there[0] else [])

    def _still_there(
        self, collection: Collection, columns: Mapping[str, Column], given: Rows
    ) -> Sequence[Sequence[Any]]:
        """The keys, in columns: all of them, unless a row went or changed hands since it was found."""
        counted = self._database.fetch(self._statements.count_rows(collection, columns, given))
        if counted[0]["n"] == len(given):
            return given.columns
        found = self._database.fetch(self._statements.rows(collection, columns, given.names, given))
        return [[key_value(row[name]) for row in found] for name in given.names]

    def _one_by_one(self, collection: Collection, columns: Mapping[str, Column], given: Rows) -> ErasurePage:
        inputs = _inputs(collection)
        as_they_are = [*given.names, *_values(collection), *self._held_by(collection)]
        names = [*dict.fromkeys([*as_they_are, *inputs])]
        day = _term_start(collection, as_they_are)
        page = _Page(given.names)
        for row in self._database.read(self._statements.judged(collection, columns, names, day, given)):
            known = dict(zip(names, row, strict=True))
            verdict = self._judge(collection, inputs, known)
            page.add(known, verdict, is_settled=is_settled(collection, known, verdict))
        needed = self._needed(collection, page.going)
        return page.whole(needed)

    def _judge(self, collection: Collection, inputs: Sequence[str], row: Row) -> Judgement:
        about = (collection.name, *(row[name] for name in inputs))
        try:
            return self._known[about]
        except KeyError:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            verdict = self._known[about] = judge(collection, row, self._today)
            return verdict
        except TypeError:  # a value that cannot be remembered by
            return judge(collection, row, self._today)

    def _holding(self, parent: Collection) -> list[Link]:
        """The links by which a row that may be kept holds on to rows of this collection."""
        links = self._statements.links_to(parent)
        return [link for link in links if self._may_keep(self._store.collection(link.child))]

    def _may_keep(self, collection: Collection) -> bool:
        rules = collection.rights
        return bool(rules.retain_when or rules.retention or self._holding(collection))

    def _held_by(self, collection: Collection) -> list[str]:
        return [link.parent_field for link in self._holding(collection)]

    def _needed(self, parent: Collection, rows: Sequence[Row]) -> dict[int, Kept]:
        """Of rows that would be erased: which ones a kept row still refers to, and on what ground that one is kept."""
        needed: dict[int, Kept] = {}
        for link in self._holding(parent) if rows else ():
            places: dict[str, list[int]] = {}
            for place, row in enumerate(rows):
                if row[link.parent_field] is not None:
                    places.setdefault(str(row[link.parent_field]), []).append(place)
            for value, kept in self._kept_children(link, list(places)):
                for place in places[value]:
                    _keep_longer(needed, place, kept)
        return needed

    def _kept_children(self, link: Link, values: Sequence[str]) -> Iterator[tuple[str, Kept]]:
        """The parents' values that a kept row names, each with the longest of its grounds."""
        child = self._store.collection(link.child)
        inputs, below = _inputs(child), self._held_by(child)
        names = [*dict.fromkeys([link.child_field, *inputs, *below])]
        for start in range(0, len(values), _PARENTS_AT_ONCE):
            kept: dict[str, Kept] = {}
            unkept: list[Row] = []
            some = values[start : start + _PARENTS_AT_ONCE]
            for row in self._database.read(self._statements.children(link, child, names, some)):
                known = dict(zip(names, row, strict=True))
                if (why := self._judge(child, inputs, known).kept) is not None:
                    _keep_longer(kept, str(known[link.child_field]), why)
                elif below:
                    unkept.append(known)
            for place, why in self._needed(child, unkept).items():
                _keep_longer(kept, str(unkept[place][link.child_field]), why)
            yield from kept.items()


class _Page:
    """The rows of one page, put together by what is to happen to them."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._alike: dict[Judgement, list[tuple[Any, ...]]] = {}
        self._resting: list[Change] = []
        self.going: list[Row] = []
        """Rows that would be erased, with the values by which others may hold on to them."""

    def add(self, row: Row, verdict: Judgement, *, is_settled: bool) -> None:
        """Take a row in."""
        key = tuple([key_value(row[name]) for name in self._names])
        if is_settled:
            if verdict.kept:
                self._resting.append(
                    Change(dict(zip(self._names, key, strict=True)), verdict.disposition, verdict.kept)
                )
        elif verdict.disposition is Disposition.ERASE:
            self.going.append(row)
        else:
            self._alike.setdefault(verdict, []).append(key)

    def whole(self, needed: Mapping[int, Kept]) -> ErasurePage:
        """The page, with the rows that others need kept as long as these."""
        for place, row in enumerate(self.going):
            kept = needed.get(place)
            verdict = Judgement(Disposition.RETAIN, kept) if kept else _GOES
            key = tuple([key_value(row[name]) for name in self._names])
            self._alike.setdefault(verdict, []).append(key)
        bulk = [
            Rows(self._names, list(zip(*keys, strict=True)), verdict.disposition, verdict.kept)
            for verdict, keys in self._alike.items()
        ]
        return ErasurePage(bulk=bulk, resting=self._resting)


_GOES = Judgement(Disposition.ERASE)


def _keep_longer(kept: dict[Any, Kept], name: Any, why: Kept) -> None:
    if name not in kept or kept[name].until < why.until:
        kept[name] = why


def _depends_on_row(collection: Collection) -> bool:
    rules = collection.rights
    return bool(rules.retain_when or rules.retention or rules.on_deletion is Disposition.ANONYMISE)


def _inputs(collection: Collection) -> list[str]:
    """The fields that decide whether a row is kept, and until when."""
    rules = collection.rights
    names = {rule.field for rule in rules.retain_when if rule.field}
    counted_from = rules.retention.counted_from if rules.retention else None
    return sorted(names | ({counted_from} if counted_from else set()))


def _term_start(collection: Collection, as_they_are: Sequence[str]) -> str | None:
    """The field a term is counted from, where only its day is read."""
    term = collection.rights.retention
    read = {rule.field for rule in collection.rights.retain_when}
    return term.counted_from if term and term.counted_from not in {*as_they_are, *read} else None


def _values(collection: Collection) -> set[str]:
    """The fields that tell whether a row is anonymised already."""
    rules = collection.rights
    anonymises = rules.on_deletion is Disposition.ANONYMISE or rules.anonymise_kept
    return rule_fields(collection) if anonymises else set()
