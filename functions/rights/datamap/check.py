"""What a data map must also be, beyond its shape: every name it uses is defined, every rule can be carried out."""

from collections.abc import Iterator
from datetime import date

from rights.datamap.model import Collection, Field, RetainWhen, Retention, StoreMap
from rights.domain.grounds import POLICY_JURISDICTION, User, latest_end, may_keep
from rights.domain.period import day_after, is_period
from rights.domain.work import Disposition

Location = tuple[int | str, ...]
Problem = tuple[Location, str]

_ANY_DAY = date(2024, 1, 1)


def problems(store: StoreMap) -> Iterator[Problem]:
    """What is wrong with the map of one store: where, and why."""
    names = [collection.name for collection in store.collections]
    if store.rights.kind == "postgres" and store.rights.secret is None:
        yield ("rights",), "a PostgreSQL store names the `secret` with its connection"
    for number, collection in enumerate(store.collections):
        at: Location = ("collections", number)
        if names.index(collection.name) != number:
            yield (*at, "name"), "two collections have this name"
        yield from _keys(collection, at)
        yield from _references(store, collection, at)
        yield from _access(store, collection, at)
        yield from _rules(collection, at)
        yield from _fields(collection, at)
        yield from _dead_rules(collection, at)


def _keys(collection: Collection, at: Location) -> Iterator[Problem]:
    if not collection.primary_key:
        yield (*at, "fields"), "no field is marked as `primary_key`"


def _references(store: StoreMap, collection: Collection, at: Location) -> Iterator[Problem]:
    known = {f"{c.name}.{field.name}" for c in store.collections for field in c.fields}
    for number, field in enumerate(collection.fields):
        for reference in field.fides_meta.references:
            if reference.dataset == store.fides_key and reference.field not in known:
                yield (*at, "fields", number, "fides_meta", "references"), "a reference to a field that is not there"


def _access(store: StoreMap, collection: Collection, at: Location) -> Iterator[Problem]:
    here: Location = (*at, "rights")
    rights = collection.rights
    if store.rights.kind == "dynamodb" and not rights.dynamodb:
        yield here, "a DynamoDB collection says under `dynamodb` how it is reached"
    if store.rights.kind == "objects" and rights.objects is None:
        yield here, "an object collection says under `objects` how it is reached"
    if rights.objects is not None and not rights.objects.prefix.endswith("{account_id}/"):
        yield (*here, "objects", "prefix"), "the prefix ends in `{account_id}/`, or it could reach another person"
    for number, access in enumerate(rights.dynamodb):
        if not _has(collection, access.query_by):
            yield (*here, "dynamodb", number, "query_by"), "no field has this name"


def _rules(collection: Collection, at: Location) -> Iterator[Problem]:
    here: Location = (*at, "rights")
    rights = collection.rights
    if rights.retention is not None and not _has(collection, rights.retention.counted_from):
        yield (*here, "retention", "counted_from"), "no field has this name"
    if rights.third_party_unless is not None and not _has(collection, rights.third_party_unless):
        yield (*here, "third_party_unless"), "no field has this name"
    anonymises = rights.on_deletion is Disposition.ANONYMISE or rights.anonymise_kept
    if anonymises and all(field.rights.on_deletion == "keep" for field in collection.fields):
        yield here, "records are anonymised here, but no field says what to empty"
    yield from _keeping(collection, here)


def _keeping(collection: Collection, here: Location) -> Iterator[Problem]:
    rights = collection.rights
    if rights.retention is not None:
        yield from _ground(collection, rights.retention, (*here, "retention"))
    for number, rule in enumerate(rights.retain_when):
        place: Location = (*here, "retain_when", number)
        if (rule.field is None) == (rule.tag is None):
            yield place, "name either a `field` or a `tag`"
        if rule.field is not None and not _has(collection, rule.field):
            yield (*place, "field"), "no field has this name"
        if rule.tag is not None and rights.objects is None:
            yield (*place, "tag"), "only objects have tags"
        yield from _ground(collection, rule, place)


def _ground(collection: Collection, rule: Retention | RetainWhen, at: Location) -> Iterator[Problem]:
    if not is_period(rule.period):
        yield (*at, "period"), "not an ISO 8601 period of years, months, weeks or days"
    categories = {category for field in collection.fields for category in _categories(field)}
    if not may_keep(rule.ground, POLICY_JURISDICTION, by={User.RULE}, categories=categories):
        yield (*at, "ground"), "no ground on which a rule may keep such data"
    if is_period(rule.period) and day_after(_ANY_DAY, rule.period) > latest_end(rule.ground, _ANY_DAY):
        yield (*at, "period"), "longer than this ground may serve"


def _categories(field: Field) -> Iterator[str]:
    yield from field.data_categories
    for inner in field.fields:
        yield from _categories(inner)


def _fields(collection: Collection, at: Location) -> Iterator[Problem]:
    names = [field.name for field in collection.fields]
    for number, field in enumerate(collection.fields):
        here: Location = (*at, "fields", number)
        if names.index(field.name) != number:
            yield (*here, "name"), "two fields have this name"
        if not _categorised(field):
            yield here, "a field without `data_categories`"
        if field.fides_meta.primary_key and field.rights.on_deletion != "keep":
            yield (*here, "rights", "on_deletion"), "a primary key is never changed"


def _dead_rules(collection: Collection, at: Location) -> Iterator[Problem]:
    rights = collection.rights
    if rights.on_deletion is Disposition.ANONYMISE or rights.anonymise_kept:
        return
    for number, field in enumerate(collection.fields):
        if field.rights.on_deletion != "keep":
            yield (*at, "fields", number, "rights"), "says how to be emptied, but no record is ever anonymised here"


def _categorised(field: Field) -> bool:
    return bool(field.data_categories) or (bool(field.fields) and all(_categorised(inner) for inner in field.fields))


def _has(collection: Collection, name: str) -> bool:
    return any(field.name == name for field in collection.fields)
