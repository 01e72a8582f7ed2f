"""What a store's map must also be, beyond its shape: every name it uses is defined, every rule can be carried out."""

from collections.abc import Iterator, Sequence
from datetime import date

from rights.datamap.check_fields import Location, Problem, field_problems, is_emptied
from rights.datamap.model import Collection, DynamoAccess, RetainWhen, Retention, StoreMap
from rights.domain.grounds import POLICY_JURISDICTION, User, latest_end, may_keep
from rights.domain.identity import Identifies, Kind
from rights.domain.period import day_after, is_period
from rights.domain.work import Disposition

_ANY_DAY = date(2024, 1, 1)
_NO_PERIOD = "not an ISO 8601 period of years, months, weeks or days"


def problems(store: StoreMap) -> Iterator[Problem]:
    """What is wrong with the map of one store: where, and why."""
    names = [collection.name for collection in store.collections]
    if store.rights.kind == "postgres" and store.rights.secret is None:
        yield ("rights",), "a PostgreSQL store names the `secret` with its connection"
    if store.rights.kind == "partner" and len(store.collections) != 1:
        yield ("collections",), "a partner has one collection: what was shared with it"
    for number, collection in enumerate(store.collections):
        at: Location = ("collections", number)
        if names.index(collection.name) != number:
            yield (*at, "name"), "two collections have this name"
        if store.rights.kind != "partner":  # of its rows we know none
            yield from _keys(collection, at)
        yield from _access(store, collection, at)
        yield from _hashes(store, collection, at)
        yield from _corrections(store, collection, at)
        yield from _flags(store, collection, at)
        yield from _rules(collection, at)
        yield from field_problems(store, collection, at)


def scope_problems(store: StoreMap, others: Sequence[StoreMap]) -> Iterator[Problem]:
    """Names that a scope could not tell apart: a category is called like a store, or like another category."""
    taken = {name for other in others for name in (other.fides_key, *_categories_of(other))}
    if store.fides_key in {name for other in others for name in _categories_of(other)}:
        yield ("fides_key",), "a category of another store has this name"
    for number, collection in enumerate(store.collections):
        if collection.rights.scope and collection.name in {store.fides_key, *taken}:
            yield ("collections", number, "name"), "a scope has this name already"


def _categories_of(store: StoreMap) -> list[str]:
    return [collection.name for collection in store.collections if collection.rights.scope]


def _keys(collection: Collection, at: Location) -> Iterator[Problem]:
    if not collection.primary_key:
        yield (*at, "fields"), "no field is marked as `primary_key`"


def _access(store: StoreMap, collection: Collection, at: Location) -> Iterator[Problem]:
    here: Location = (*at, "rights")
    rights = collection.rights
    if store.rights.kind == "dynamodb" and not rights.dynamodb:
        yield here, "a DynamoDB collection says under `dynamodb` how it is reached"
    if store.rights.kind == "objects" and rights.objects is None:
        yield here, "an object collection says under `objects` how it is reached"
    if store.rights.kind == "objects" and (rights.on_deletion is Disposition.ANONYMISE or rights.anonymise_kept):
        yield here, "an object is erased or kept, never anonymised"
    if rights.objects is not None and not rights.objects.prefix.endswith("{account_id}/"):
        yield (*here, "objects", "prefix"), "the prefix ends in `{account_id}/`, or it could reach another person"
    if store.rights.kind == "cognito":
        yield from _users(collection, at)
    for number, access in enumerate(rights.dynamodb):
        if not _has(collection, access.query_by):
            yield (*here, "dynamodb", number, "query_by"), "no field has this name"
        if access.item_prefix is not None:
            yield from _prefix(store, collection, access, (*here, "dynamodb", number, "item_prefix"))


def _hashes(store: StoreMap, collection: Collection, at: Location) -> Iterator[Problem]:
    own = {field.name for field in collection.fields if field.rights.contact}
    indexed = {access.query_by for access in collection.rights.dynamodb}
    for number, field in enumerate(collection.fields):
        here: Location = (*at, "fields", number, "rights", "hash_of")
        if field.rights.hash_of is None:
            continue
        if store.rights.kind != "dynamodb" or field.name not in indexed:
            yield here, "a hash is an index: `dynamodb` says how the collection is queried by it"
        if field.rights.hash_of.field not in own:
            yield here, "a hash is of a `contact` of the same collection"
        if not field.rights.secret:
            yield here, "a hash says nothing to the person: `secret` keeps it out of an export"


def _prefix(store: StoreMap, collection: Collection, access: DynamoAccess, at: Location) -> Iterator[Problem]:
    if len(collection.primary_key) != 2 or access.query_by not in collection.primary_key or access.index:
        yield at, "a prefix is of the sort key: the primary key has two fields, and `query_by` is the first"
    shared = (
        other.item_prefix or ""
        for c in store.collections
        if c.name != collection.name
        for other in c.rights.dynamodb
        if other.table == access.table and other.index is None
    )
    begins = access.item_prefix or ""
    if any(begins.startswith(other) or other.startswith(begins) for other in shared):
        yield at, "items would belong to two collections of this table"


def _corrections(store: StoreMap, collection: Collection, at: Location) -> Iterator[Problem]:
    for number, field in enumerate(collection.fields):
        place: Location = (*at, "fields", number, "rights", "correction")
        if field.rights.correction is not None and field.fides_meta.primary_key:
            yield place, "a primary key is never corrected"
        if field.rights.correction is not None and store.rights.kind in {"objects", "ledger"}:
            yield place, "nothing can be corrected in a store of this kind"


def _flags(store: StoreMap, collection: Collection, at: Location) -> Iterator[Problem]:
    for number, flag in enumerate(collection.rights.flags):
        here: Location = (*at, "rights", "flags", number)
        if store.rights.kind not in {"dynamodb", "postgres"}:
            yield here, "a store of this kind carries no flags"
        if not flag.purposes:
            yield here, "a flag without `purposes`: it says which uses of the data it stops"
        if not flag.set:
            yield (*here, "set"), "a flag sets something"
        for name in (*flag.set, flag.stamp):
            if not _has(collection, name):
                yield here, "no field has the name of what this flag sets"
            elif name in collection.primary_key:
                yield here, "a primary key is never changed"
        if flag.row is not None and not any(
            len(collection.primary_key) == 2 and flag.row.startswith(access.item_prefix or "")
            for access in collection.rights.dynamodb
        ):
            yield (*here, "row"), "a `row` is the sort key of an item of this collection"


def _users(collection: Collection, at: Location) -> Iterator[Problem]:
    here: Location = (*at, "rights")
    rights = collection.rights
    if rights.cognito is None:
        yield here, "a collection of users says under `cognito` how it is reached"
    if rights.on_deletion is Disposition.ANONYMISE or rights.anonymise_kept:
        yield here, "a user is erased or kept, never anonymised: the username stays what it is"
    own = {f.name for f in collection.fields if f.rights.key is Kind.ACCOUNT and f.rights.identifies is Identifies.ONE}
    if collection.primary_key != ("username",) or "username" not in own:
        yield (
            (*at, "fields"),
            "`username` is the primary key and holds the account id: nothing else finds users",
        )


def _rules(collection: Collection, at: Location) -> Iterator[Problem]:
    here: Location = (*at, "rights")
    rights = collection.rights
    term = rights.retention
    if term is not None and term.counted_from is not None and not _has(collection, term.counted_from):
        yield (*here, "retention", "counted_from"), "no field has this name"
    if rights.storage is not None and rights.storage.period is not None and not is_period(rights.storage.period):
        yield (*here, "storage", "period"), _NO_PERIOD
    if rights.third_party_unless is not None and not _has(collection, rights.third_party_unless):
        yield (*here, "third_party_unless"), "no field has this name"
    anonymises = rights.on_deletion is Disposition.ANONYMISE or rights.anonymise_kept
    if anonymises and not any(is_emptied(field) for field in collection.fields):
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
    if rule.period is not None and not is_period(rule.period):
        yield (*at, "period"), _NO_PERIOD
    categories = {
        category for field in collection.fields for inner in field.walk() for category in inner.data_categories
    }
    if not may_keep(rule.ground, POLICY_JURISDICTION, by={User.RULE}, categories=categories):
        yield (*at, "ground"), "no ground on which a rule may keep such data"
    if rule.period is None or not is_period(rule.period):
        return
    if day_after(_ANY_DAY, rule.period) > latest_end(rule.ground, _ANY_DAY):
        yield (*at, "period"), "longer than this ground may serve"


def _has(collection: Collection, name: str) -> bool:
    return any(field.name == name for field in collection.fields)
