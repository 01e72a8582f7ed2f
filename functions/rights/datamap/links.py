"""Who refers to whom, as the references of the data map say: within a store, and from one store to another."""

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter

from rights.datamap.model import Collection, Field, StoreMap


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
    """Per store, the fields (`collection.field`) whose values in the person's rows select rows of other collections."""
    named = sorted({place for store in stores for c in store.collections for f in c.fields for place in f.leads_from})
    found: dict[str, tuple[str, ...]] = {}
    for place in named:
        dataset, _, field = place.partition(".")
        found[dataset] = (*found.get(dataset, ()), field)
    return found


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
