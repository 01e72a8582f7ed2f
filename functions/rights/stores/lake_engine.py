"""One collection of a lake: which fields say whose a row is, what happens to one, and the engine of its format."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import pyarrow.compute as pc

from rights.datamap.model import Collection, Field, LakeAccess
from rights.domain.identity import Identifies, KeySet, Kind
from rights.domain.work import Disposition
from rights.errors import DataMapError
from rights.lake.jsonl import JsonLines
from rights.lake.model import Column, Path, Replace, Row, Sink, Source, Tally, Treatment, Verdict, Wanted
from rights.lake.parquet import Found, ParquetReader
from rights.lake.rewriting import ParquetRewriter
from rights.stores.masking import masked, new_key
from rights.stores.rules import judge, rule_fields
from rights.stores.shape import exported_fields


class LakeCollection:
    """What the data map says of one collection, and how its files are gone through."""

    def __init__(self, collection: Collection) -> None:
        if collection.rights.lake is None:
            raise DataMapError(f"{collection.name}: a collection of a lake says under `lake` where it lies")
        self.collection = collection
        self.access: LakeAccess = collection.rights.lake
        self.columns = list(_columns(collection.fields))
        if not self.columns:
            raise DataMapError(f"{collection.name}: no field says whose a row is")

    def wanted(self, people: Iterable[tuple[int, KeySet]]) -> Wanted:
        """Whose rows are looked for; somebody who is known only as a consignee has none in a lake."""
        wanted = Wanted(self.columns)
        for owner, keys in people:
            for column in [] if keys.is_consignee_only else self.columns:
                for value in keys.of_kind(column.kind):
                    wanted.add(column, value, owner)
        return wanted

    def partition_of(self, key: str) -> dict[str, str]:
        """What the key of an object says of all its rows: `dt=2026-11-25` is the field `dt` of each."""
        parts = (part.partition("=") for part in key.removeprefix(self.access.prefix).split("/")[:-1])
        return {name: value for name, _, value in parts if name in self.access.partition}

    def treatment(self, key: str, today: str) -> Treatment:
        """What a deletion does to the rows of an object on this day; each has a key of its own for keyed hashes."""
        rules = self.collection.rights
        has_rules = bool(rules.retention or rules.retain_when)
        of_all = self.partition_of(key)

        def judged(row: Row) -> Verdict:
            judgement = judge(self.collection, {**row, **of_all}, today)
            return Verdict(judgement.disposition, judgement.kept)

        treatment = Treatment(
            disposition=Disposition.ANONYMISE if rules.anonymise_kept else rules.on_deletion,
            emptied=dict(_replacements(self.collection.fields, new_key())),
            judge=judged if has_rules else None,
            judged_by=tuple(sorted(rule_fields(self.collection) & {f.name for f in self.collection.fields})),
        )
        treatment.must_hide(self.columns)
        return treatment

    def find(self, source: Source, wanted: Wanted, treatment: Treatment, *, first_only: bool = False) -> Tally:
        """Whose rows a file holds; with `first_only` it may end where the first is found that has something to do."""
        if not wanted or not source.size:
            return Tally()
        if self.access.format == "parquet":
            return ParquetReader(source).find(wanted, treatment).tally
        return JsonLines(source).find(wanted, treatment, first_only=first_only)

    def rewrite(self, source: Source, sink: Sink, wanted: Wanted, treatment: Treatment) -> Tally:
        """Write a file anew, and say what was found in the old one."""
        if self.access.format == "jsonl":
            return JsonLines(source).rewrite(sink, wanted, treatment)
        found: Found = ParquetReader(source).find(wanted, treatment)
        ParquetRewriter(source, sink, treatment).run(found)
        return found.tally

    def rows(self, source: Source, wanted: Wanted) -> Iterator[dict[str, Any]]:
        """The rows of a file that are somebody's who is wanted, with the fields a person gets."""
        if not wanted or not source.size:
            return
        if self.access.format == "jsonl":
            yield from (row for _, row in JsonLines(source).rows(wanted))
            return
        reader = ParquetReader(source)
        found = reader.find(wanted, Treatment(Disposition.ERASE))
        for group, hits in found.groups.items():
            mask = pc.is_valid(hits.owners)
            for _, row in reader.rows(group, mask, exported_fields(self.collection)):
                yield row


def _columns(fields: Iterable[Field], path: tuple[str, ...] = ()) -> Iterator[Column]:
    for field in fields:
        here = (*path, field.name)
        if field.rights.key and field.rights.identifies is Identifies.ONE:
            yield Column(here, Kind(field.rights.key))
        yield from _columns(field.fields, here)


def _replacements(fields: Iterable[Field], key: bytes, path: Path = ()) -> Iterator[tuple[Path, Replace]]:
    """The fields, also those within fields, that an anonymised row loses, and what stands there instead."""
    for field in fields:
        here = (*path, field.name)
        if field.rights.on_deletion != "keep":
            yield here, partial(masked, field, key=key)
        else:
            yield from _replacements(field.fields, key, here)
