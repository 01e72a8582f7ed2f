"""What a deletion does to one record: the data map's rules, applied to one row on one day.

Order matters, and is the law's: an open dispute keeps a record as it is; then the statutory term keeps it, as it is or
anonymised; what nothing keeps is erased or anonymised.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from rights.datamap.check_fields import is_emptied
from rights.datamap.model import HASHES, Collection, RetainWhen, Retention
from rights.domain.mall_time import MALL_TIME
from rights.domain.period import day_after
from rights.domain.work import Disposition, Kept
from rights.errors import DataMapError
from rights.stores.contract import Change, ErasurePage
from rights.stores.masking import leaves

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to happen to a record, and for what is kept, why and until when."""

    disposition: Disposition
    kept: Kept | None = None


def add_period(start: date, period: str) -> date:
    """The day a period of ISO 8601 (`P10Y`, `P24M`, `P2W`, `P90D`) after `start`; a missing day is the month's last."""
    try:
        return day_after(start, period)
    except ValueError as error:
        raise DataMapError(str(error)) from None


def day_of(value: object) -> date | None:
    """The Phnom Penh day of a date, a time, an ISO 8601 text or an epoch second; `None` if it is none of these."""
    try:
        match value:
            case datetime():
                return value.astimezone(MALL_TIME).date() if value.tzinfo else value.date()
            case date():
                return value
            case str():
                return day_of(datetime.fromisoformat(value))
            case None | bool():
                return None
            case _:
                return datetime.fromtimestamp(float(value), MALL_TIME).date()  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None


def judge(collection: Collection, row: Row, today: str, tags: Mapping[str, str] | None = None) -> Judgement:
    """What a deletion does to this record on this day. A term whose start is unknown is counted from today."""
    on = date.fromisoformat(today)
    rules = collection.rights
    for rule in rules.retain_when:
        if holds(rule, row, tags or {}):
            until = add_period(on, rule.period).isoformat()
            return Judgement(Disposition.RETAIN, Kept(rule.ground, until, 1, rule.reason))
    if (term := rules.retention) is not None:
        until_day = end_of(term, row.get(term.counted_from or ""), on)
        if until_day >= on:
            kept = Kept(term.ground, until_day.isoformat(), 1, term.reason)
            return Judgement(Disposition.ANONYMISE if rules.anonymise_kept else Disposition.RETAIN, kept)
    return Judgement(rules.on_deletion)


def end_of(term: Retention, start: object, on: date) -> date:
    """The last day of a term that starts with this value, or `on` where that is no day; or when it is reviewed."""
    if term.review is not None:
        return term.review
    return add_period(day_of(start) or on, term.period or "")


def holds(rule: RetainWhen, row: Row, tags: Mapping[str, str]) -> bool:
    """Tell whether a rule of `retain_when` keeps this record now."""
    if rule.tag is not None:
        return tags.get(rule.tag) == rule.equals
    value = row.get(rule.field or "")
    return value is not None and str(value) == rule.equals


def emptied(collection: Collection) -> dict[str, Any]:
    """The fields an anonymised record loses whole, with what stands there instead (`None`: nothing).

    Not those that are hashed, nor fields within fields: what stands there depends on the value (`masking`).
    """
    return {
        f.name: f.rights.constant if f.rights.on_deletion == "constant" else None
        for f in collection.fields
        if f.rights.on_deletion in {"null", "constant"}
    }


def depends_on_values(collection: Collection) -> bool:
    """Tell whether anonymising a record takes its values: to hash them, or to find a field within a field."""
    return any(
        inner.rights.on_deletion in HASHES or (inner is not f and inner.rights.on_deletion != "keep")
        for f in collection.fields
        for inner in f.walk()
    )


def is_settled(collection: Collection, row: Row, judgement: Judgement) -> bool:
    """True when the record is anonymised already: nothing to do, nothing to count."""
    if judgement.disposition is not Disposition.ANONYMISE:
        return False
    missing_constants = any(value is not None and row.get(name) is None for name, value in emptied(collection).items())
    return not missing_constants and next(leaves(collection, row), None) is None


def rule_fields(collection: Collection) -> set[str]:
    """The fields that `judge` and `is_settled` read."""
    names = {rule.field for rule in collection.rights.retain_when if rule.field}
    if collection.rights.retention is not None and collection.rights.retention.counted_from is not None:
        names.add(collection.rights.retention.counted_from)
    return names | {field.name for field in collection.fields if is_emptied(field)}


def planned(collection: Collection, rows: Iterable[tuple[Row, Mapping[str, Any], Judgement]]) -> ErasurePage:
    """The page of judged rows, each with its key: what is to happen, and what is settled but ends one day."""
    page = ErasurePage()
    for row, key, judgement in rows:
        change = Change(dict(key), judgement.disposition, judgement.kept)
        if not is_settled(collection, row, judgement):
            page.changes.append(change)
        elif judgement.kept:
            page.resting.append(change)
    return page
