"""Who else a person is: from what was proven, over edges that identify one person, until nothing more is found.

A store is asked for what the identifiers known so far lead to, and again whenever more is known that it could go by.
The set only grows, and it has a bound: whoever leads to more than that is nobody a rule may decide about, so it is an
error that somebody looks at, and never a set that was cut. So this ends, whatever circles the references make; and
since a larger set never leads to less, the end is the same in whatever order the stores are asked. `shared` edges are
not followed: no connector hands their values out (`rights.stores.selection`).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rights.datamap.links import leads
from rights.datamap.model import Collection, StoreMap
from rights.domain.identity import Identifies, KeySet, Kind
from rights.errors import DataMapError

MOST_IDENTIFIERS = 500
"""Of one person: accounts, phones and emails together."""
MOST_VALUES = 1000
"""Of one field of the person's rows by which rows elsewhere name them."""

Ask = Callable[[StoreMap, KeySet, tuple[str, ...]], KeySet]
"""Asks a store what a set leads to: its `one` edges, and the values of these fields of its rows."""


@dataclass(frozen=True, slots=True)
class _Leading:
    """A store that may lead on, and what it goes by."""

    store: StoreMap
    fields: tuple[str, ...]
    """Its fields (`dataset.collection.field`) that rows elsewhere refer to."""
    kinds: frozenset[str]
    places: frozenset[str]

    def heard(self, keys: KeySet) -> KeySet:
        """The part of a set that matters to this store."""
        return KeySet(
            frozenset(i for i in keys.values if i.kind.value in self.kinds),
            frozenset(pair for pair in keys.referred if pair[0] in self.places),
        )


def resolve(keys: KeySet, stores: Iterable[StoreMap], ask: Ask) -> KeySet:
    """The set that grows from these keys, to a fixed point; DataMapError where it grows past all measure."""
    leading = _leading(tuple(stores))
    heard: dict[str, KeySet] = {}
    is_growing = True
    while is_growing:
        is_growing = False
        for one in leading:
            known = one.heard(keys)
            if heard.get(one.store.fides_key) == known:
                continue
            heard[one.store.fides_key] = known
            grown = keys | ask(one.store, keys, one.fields)
            is_growing = is_growing or grown != keys
            keys = grown
            _require_measure(keys)
    return keys


def _leading(stores: tuple[StoreMap, ...]) -> list[_Leading]:
    fields = leads(stores)
    # What a store without a second field of one person knows, whoever asks it knows already.
    return [
        _of(store, fields.get(store.fides_key, ()))
        for store in stores
        if store.fides_key in fields or any(_own(collection) > 1 for collection in store.collections)
    ]


def _own(collection: Collection) -> int:
    return sum(f.rights.identifies is Identifies.ONE for f in collection.fields)


def _of(store: StoreMap, fields: tuple[str, ...]) -> _Leading:
    own = [f for c in store.collections for f in c.fields if f.rights.identifies is Identifies.ONE]
    return _Leading(
        store,
        fields,
        # Of somebody without an account no row leads anywhere, so accounts matter to every store.
        frozenset({Kind.ACCOUNT.value, *(field.rights.key.value for field in own if field.rights.key)}),
        frozenset(place for field in own for place in field.leads_from),
    )


def _require_measure(keys: KeySet) -> None:
    if len(keys.values) > MOST_IDENTIFIERS:
        msg = f"more than {MOST_IDENTIFIERS} identifiers belong together"
        raise DataMapError(msg)
    for place, number in Counter(place for place, _ in keys.referred).items():
        if number > MOST_VALUES:
            msg = f"{place}: more than {MOST_VALUES} values of one person lead on to other rows"
            raise DataMapError(msg)
