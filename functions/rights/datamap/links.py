"""Who refers to whom within a store, as the references of its data map say."""

from dataclasses import dataclass

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
