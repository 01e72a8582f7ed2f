"""Who refers to whom, as the references of the data map say: within a store, and from one store to another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from rights.datamap.fides import Reference
from rights.datamap.model import Collection, Field, StoreMap
from rights.domain.identity import Identifies


@dataclass(frozen=True, slots=True)
class Link:
    """A field of a child that names a row of its parent."""

    child: str
    child_field: str
    parent: str
    parent_field: str


def links(store: StoreMap) -> list[Link]:
    """Who refers to whom within the store; the child is the side that would dangle if the other went first."""
    found = (
        _link(store, collection, field, reference.field, reference.direction)
        for collection in store.collections
        for field in collection.fields
        for reference in field.fides_meta.references
        if reference.dataset == store.fides_key
    )
    return list(dict.fromkeys(found))


def _link(store: StoreMap, here: Collection, field: Field, target: str, direction: str | None) -> Link:
    there, _, there_field = target.partition(".")
    ours = Link(here.name, field.name, there, there_field)
    theirs = Link(there, there_field, here.name, field.name)
    if here.primary_key == (field.name,) and (
        direction == "to" or store.collection(there).primary_key != (there_field,)
    ):
        return theirs
    return ours


def leads(stores: Iterable[StoreMap]) -> dict[str, tuple[str, ...]]:
    """Per store, its fields (`dataset.collection.field`) whose values in the person's rows select rows elsewhere."""
    named = sorted({place for store in stores for c in store.collections for f in c.fields for place in f.leads_from})
    found: dict[str, tuple[str, ...]] = {}
    for place in named:
        dataset = place.partition(".")[0]
        found[dataset] = (*found.get(dataset, ()), place)
    return found


def turned(stores: Iterable[StoreMap]) -> list[StoreMap]:
    """The stores, with each reference `to` a field that identifies one person said of that field too: `from` here.

    Within PostgreSQL the reference itself is enough: rows there are joined.
    """
    known = list(stores)
    wanted: dict[str, list[Reference]] = {}
    for store in known:
        for collection in store.collections:
            for field in collection.fields:
                here = Reference(dataset=store.fides_key, field=f"{collection.name}.{field.name}", direction="from")
                for reference in field.fides_meta.references:
                    is_joined = reference.dataset == store.fides_key and store.rights.kind == "postgres"
                    if reference.direction == "to" and not is_joined:
                        wanted.setdefault(reference.place, []).append(here)
    return [_turned(store, wanted) for store in known] if wanted else known


def _turned(store: StoreMap, wanted: Mapping[str, list[Reference]]) -> StoreMap:
    collections = []
    for collection in store.collections:
        fields = []
        for field in collection.fields:
            more = wanted.get(f"{store.fides_key}.{collection.name}.{field.name}", [])
            more = [one for one in more if one.place not in field.leads_from]
            is_one = field.rights.identifies is Identifies.ONE
            fields.append(_with_references(field, more) if more and is_one else field)
        collections.append(collection.model_copy(update={"fields": tuple(fields)}))
    return store.model_copy(update={"collections": tuple(collections)})


def _with_references(field: Field, more: Iterable[Reference]) -> Field:
    meta = field.fides_meta.model_copy(update={"references": (*field.fides_meta.references, *more)})
    return field.model_copy(update={"fides_meta": meta})


def order_of(store: StoreMap) -> list[str]:
    """The collections in the order of an erasure: after those named under `after`, and in PostgreSQL, where a row that
    is referred to cannot go, children before what they refer to. CycleError where there is no such order.
    """  # noqa: D205 - one sentence
    before: dict[str, set[str]] = {c.name: _own_names(store, c.after) for c in store.collections}
    for link in links(store) if store.rights.kind == "postgres" else ():
        if link.child != link.parent:
            before[link.parent].add(link.child)
    return list(TopologicalSorter(before).static_order())


def _own_names(store: StoreMap, after: Iterable[str]) -> set[str]:
    """Those of `dataset.collection` that are collections of this store; of others the stages take care."""
    parted = (name.rpartition(".") for name in after)
    return {collection for dataset, _, collection in parted if dataset in {"", store.fides_key}}
