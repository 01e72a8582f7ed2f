"""What a deletion does to one record: the data map's rules, applied to one row on one day.

Order matters, and is the law's: an open dispute keeps a record as it is; then the statutory term keeps it, as it is or
anonymised; what nothing keeps is erased or anonymised.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from rights.datamap.model import Collection, Field, RetainWhen
from rights.domain.mall_time import MALL_TIME
from rights.domain.period import day_after
from rights.domain.work import Disposition, Kept
from rights.errors import DataMapError
from rights.stores.contract import Change, ErasurePage

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
        until_day = add_period(day_of(row.get(term.counted_from)) or on, term.period)
        if until_day >= on:
            kept = Kept(term.ground, until_day.isoformat(), 1, term.reason)
            return Judgement(Disposition.ANONYMISE if rules.anonymise_kept else Disposition.RETAIN, kept)
    return Judgement(rules.on_deletion)


def holds(rule: RetainWhen, row: Row, tags: Mapping[str, str]) -> bool:
    """Tell whether a rule of `retain_when` keeps this record now."""
    if rule.tag is not None:
        return tags.get(rule.tag) == rule.equals
    value = row.get(rule.field or "")
    return value is not None and str(value) == rule.equals


def emptied(collection: Collection) -> dict[str, Any]:
    """The fields an anonymised record loses, with what stands there instead (`None`: nothing)."""
    return {
        f.name: f.rights.constant if f.rights.on_deletion == "constant" else None
        for f in collection.fields
        if f.rights.on_deletion != "keep"
    }


def emptied_inside(collection: Collection) -> tuple[Field, ...]:
    """The fields that an anonymised record keeps, but not all of what is inside them."""
    return tuple(f for f in collection.fields if f.rights.on_deletion == "keep" and _loses(f))


def without(field: Field, value: Any) -> Any:
    """The value of a kept field without what the rules take from inside it, in every element of its lists."""
    if isinstance(value, list):
        return [without(field, part) for part in value]
    if not isinstance(value, Mapping):
        return value
    left = dict(value)
    for inner in field.fields:
        if inner.name not in left:
            continue
        match inner.rights.on_deletion:
            case "null":
                del left[inner.name]
            case "constant":
                left[inner.name] = inner.rights.constant
            case _:
                left[inner.name] = without(inner, left[inner.name])
    return left


def _loses(field: Field) -> bool:
    return any(inner.rights.on_deletion != "keep" or _loses(inner) for inner in field.fields)


def is_settled(collection: Collection, row: Row, judgement: Judgement) -> bool:
    """True when the record is anonymised already: nothing to do, nothing to count."""
    if judgement.disposition is not Disposition.ANONYMISE:
        return False
    return all(row.get(name) == value for name, value in emptied(collection).items()) and all(
        without(field, row.get(field.name)) == row.get(field.name) for field in emptied_inside(collection)
    )


def rule_fields(collection: Collection) -> set[str]:
    """The fields that `judge` and `is_settled` read."""
    names = {rule.field for rule in collection.rights.retain_when if rule.field}
    if collection.rights.retention is not None:
        names.add(collection.rights.retention.counted_from)
    return names | set(emptied(collection)) | {field.name for field in emptied_inside(collection)}


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
