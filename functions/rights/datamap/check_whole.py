"""What is wrong with the stores of a data map together: whom they refer to, what comes after what, whose role it is."""

import re
from collections.abc import Iterator, Sequence
from graphlib import CycleError

from rights.datamap.check_fields import Location, Problem
from rights.datamap.links import links, order_of
from rights.datamap.model import Collection, Field, PlainCollection, PlainDataset, StoreMap
from rights.domain.identity import Identifies

Datasets = dict[str, StoreMap | PlainDataset]

_KEY = re.compile(r"[A-Za-z0-9_-]+")
_OWNED = frozenset({"dynamodb", "postgres", "lake"})
"""The kinds of stores whose rows are found by what stands in them."""
_LEADING = frozenset({"dynamodb", "postgres"})
"""The kinds of stores in which the values that others refer to can be looked up."""


def whole_problems(store: StoreMap, datasets: Datasets) -> Iterator[Problem]:
    """What is wrong with one store among all of the map's, and where."""
    if not _KEY.fullmatch(store.fides_key):
        yield ("fides_key",), "the name of a store has letters, digits, `_` and `-` only"
    yield from _role(store, datasets)
    yield from _after_datasets(store, datasets)
    known = True
    for number, collection in enumerate(store.collections):
        at: Location = ("collections", number)
        for problem in (*_references(store, collection, datasets, at), *_after(store, collection, datasets, at)):
            known = False
            yield problem
    if known:
        yield from _order(store)
        yield from _owners(store)


def _role(store: StoreMap, datasets: Datasets) -> Iterator[Problem]:
    rights = store.rights
    is_ours = not rights.role_arn or rights.role_arn.split(":")[4:5] == ["${AccountId}"]
    if not is_ours and not rights.external_id:
        yield ("rights", "role_arn"), "a role in another account is assumed with an `external_id`"
    same = (d.rights for d in datasets.values() if isinstance(d, StoreMap) and d.rights.role_arn == rights.role_arn)
    if rights.role_arn and next(same).external_id != rights.external_id:
        yield ("rights", "external_id"), "one role has one external id"


def _references(store: StoreMap, collection: Collection, datasets: Datasets, at: Location) -> Iterator[Problem]:
    for number, field in enumerate(collection.fields):
        here: Location = (*at, "fields", number)
        yield from _references_of(field, datasets, here)
        if field.rights.identifies is not Identifies.ONE:
            continue
        if field.rights.key is None and not field.leads_from:
            yield (
                (*here, "rights"),
                "what identifies one person is a `key` of some kind, or refers to a field that does",
            )
        for place in field.leads_from:
            if (reason := _cannot_lead(place, store, collection, datasets)) is not None:
                yield (*here, "fides_meta", "references"), reason


def _references_of(field: Field, datasets: Datasets, at: Location) -> Iterator[Problem]:
    for number, reference in enumerate(field.fides_meta.references):
        here: Location = (*at, "fides_meta", "references", number)
        dataset = datasets.get(reference.dataset)
        if dataset is None:
            yield here, "a reference to a dataset that is not there"
        elif (found := _collection(dataset, reference.field.partition(".")[0])) is None:
            yield here, "a reference to a collection that is not there"
        elif not _has_path(found.fields, reference.field.split(".")[1:]):
            yield here, "a reference to a field that is not there"
    for number, inner in enumerate(field.fields):
        yield from _references_of(inner, datasets, (*at, "fields", number))


def _cannot_lead(place: str, store: StoreMap, collection: Collection, datasets: Datasets) -> str | None:
    dataset, _, field = place.partition(".")
    source = datasets.get(dataset)
    if source is None:
        return None  # said already
    if not isinstance(source, StoreMap):
        return "nothing reaches that dataset, so its values select nothing"
    if source.rights.kind not in _LEADING:
        return "values cannot be looked up in a store of that kind"
    if source.rights.kind == "postgres" and field.count(".") > 1:
        return "a field within a field leads nowhere in a store of that kind"
    if (dataset, field.partition(".")[0]) == (store.fides_key, collection.name):
        return "a collection is not found by its own rows"
    return None


def _collection(dataset: StoreMap | PlainDataset, name: str) -> Collection | PlainCollection | None:
    return next((c for c in dataset.collections if c.name == name), None)


def _has_path(fields: Sequence[Field], path: Sequence[str]) -> bool:
    if not path:
        return False
    found = next((field for field in fields if field.name == path[0]), None)
    return found is not None and (len(path) == 1 or _has_path(found.fields, path[1:]))


def _after_datasets(store: StoreMap, datasets: Datasets) -> Iterator[Problem]:
    for name in store.fides_meta.after:
        if (reason := _comes_too_late(store, datasets.get(name))) is not None:
            yield ("fides_meta", "after"), reason


def _after(store: StoreMap, collection: Collection, datasets: Datasets, at: Location) -> Iterator[Problem]:
    here: Location = (*at, "fides_meta", "after") if collection.fides_meta.after else (*at, "after")
    for name in collection.after:
        key, _, wanted = name.rpartition(".")
        dataset = datasets.get(key or store.fides_key)
        if dataset is not None and _collection(dataset, wanted) is None:
            yield here, "comes after a collection that is not there"
        elif dataset is not store and (reason := _comes_too_late(store, dataset)) is not None:
            yield here, reason


def _comes_too_late(store: StoreMap, other: StoreMap | PlainDataset | None) -> str | None:
    if other is None:
        return "comes after a dataset that is not there"
    if isinstance(other, StoreMap) and other.rights.stage >= store.rights.stage:
        return "comes after a store of the same or a later `stage`"
    return None


def _order(store: StoreMap) -> Iterator[Problem]:
    try:
        order_of(store)
    except CycleError as error:
        circle = [str(name) for name in error.args[1]]
        first = min(n for n, collection in enumerate(store.collections) if collection.name in circle)
        yield (
            ("collections", first),
            f"collections that wait for each other in a circle: {', '.join(sorted({*circle}))}",
        )


def _owners(store: StoreMap) -> Iterator[Problem]:
    """Whose the rows are must be said by the rows, or in PostgreSQL by rows that they refer to."""
    for number, collection in enumerate(store.collections):
        if store.rights.kind in _OWNED and not _is_owned(store, collection):
            at: Location = ("collections", number, "fields")
            yield at, "nothing says whose these rows are: no field that identifies one person"


def _is_owned(store: StoreMap, collection: Collection) -> bool:
    if _says_whose(collection):
        return True
    reached, todo = {collection.name}, [collection.name] if store.rights.kind == "postgres" else []
    while todo:
        child = todo.pop()
        parents = {link.parent for link in links(store) if link.child == child} - reached
        if any(_says_whose(store.collection(parent)) for parent in parents):
            return True
        reached |= parents
        todo += parents
    return False


def _says_whose(collection: Collection) -> bool:
    fields = (inner for f in collection.fields for inner in f.walk())
    return any(f.rights.identifies is Identifies.ONE or f.rights.consignee for f in fields)
