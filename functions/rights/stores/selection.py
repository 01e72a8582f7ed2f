"""Whose row is it: the identity rules of DESIGN section 6, as the data map applies them to one collection.

With an account, a row is selected by its fields that identify one person, and by nothing else: those that hold an
identifier, and those that name a value found in the person's rows elsewhere (`KeySet.referred`). Without one, the
person is known only as somebody's consignee, and gets only the rows that carry the proven contact as their consignee's.
"""

from collections.abc import Iterator, Mapping
from graphlib import CycleError
from typing import Any

from rights.datamap.links import order_of
from rights.datamap.model import Collection, Field, StoreMap
from rights.domain.identity import Identifier, Identifies, KeySet, Kind
from rights.errors import DataMapError

Selectors = dict[str, tuple[str, ...]]
"""Field name to the values that make a row the person's; a row matches by any of its fields."""


def own_fields(collection: Collection) -> list[Field]:
    """The fields that identify one person, by an identifier or by a reference to their rows."""
    return [f for f in collection.fields if f.rights.identifies is Identifies.ONE]


def values_of(field: Field, keys: KeySet) -> tuple[str, ...]:
    """The values of a field that identifies one person which are this person's, sorted."""
    if field.rights.key:
        return keys.of_kind(field.rights.key)
    return tuple(sorted({value for place in field.leads_from for value in keys.of_field(place)}))


def contact_fields(collection: Collection, kind: Kind) -> list[Field]:
    """The fields by which a proven contact of this kind is recognised: people's own, and consignees'."""
    return [f for f in collection.fields if f.rights.key is kind and (f.rights.contact or f.rights.consignee)]


def selectors(collection: Collection, keys: KeySet) -> Selectors:
    """The fields and values that select the person's rows of this collection; empty when none can."""
    is_consignee = keys.is_consignee_only
    fields = [f for f in collection.fields if f.rights.consignee] if is_consignee else own_fields(collection)
    by_field = {f.name: values_of(f, keys) for f in fields}
    return {name: values for name, values in by_field.items() if values}


def foreign_accounts(collection: Collection, keys: KeySet) -> Selectors:
    """Account fields that must be the person's, or empty, whichever other field selected the row.

    A row that somebody else's account owns is theirs, also when it carries this person's phone.
    """
    if keys.is_consignee_only:
        return {}
    return {f.name: keys.accounts for f in own_fields(collection) if f.rights.key is Kind.ACCOUNT}


def identifiers_of(collection: Collection, row: Mapping[str, Any]) -> Iterator[Identifier]:
    """The identifiers that this row's `one` edges lead to."""
    for field in own_fields(collection):
        if field.rights.key and row.get(field.name):
            yield Identifier(field.rights.key, str(row[field.name]))


def led_to(collection: Collection, row: Mapping[str, Any], keys: KeySet) -> Iterator[Identifier]:
    """The identifiers that a row leads to which carries a key of the set, or names a row of the person's.

    Anybody can name another's order in a row of their own: such a row is its account's, and leads nowhere.
    """
    own = [(f.rights.key, str(row[f.name])) for f in own_fields(collection) if f.rights.key and row.get(f.name)]
    carries = any(value in keys.of_kind(kind) for kind, value in own)
    if carries or not any(kind is Kind.ACCOUNT for kind, _ in own):
        yield from identifiers_of(collection, row)


def erasure_order(store: StoreMap) -> list[str]:
    """The collections, children before what they refer to, otherwise as the data map lists them."""
    try:
        return order_of(store)
    except CycleError:
        msg = f"the collections of {store.fides_key} refer to each other in a circle"
        raise DataMapError(msg) from None
