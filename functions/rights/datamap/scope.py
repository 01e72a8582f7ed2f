"""Which stores, and which of their collections, a right concerns: the fan-out of a request, read off the data map."""

from collections.abc import Callable, Iterable, Sequence

from rights.datamap.links import links
from rights.datamap.model import Collection, DataMap, StoreMap
from rights.domain.identity import HASH_DIGITS, Kind
from rights.domain.rights import OPERATION_OF, Operation, Right

Part = tuple[StoreMap, tuple[str, ...]]
"""A store and the collections that are meant; none: all of it."""


def scope_names(data_map: DataMap) -> tuple[str, ...]:
    """The names a scope may be made of: stores, and collections that stand for a category of their own.

    Neither the identity spine nor the sign-in nor this system's own ledger is one: a deletion with a scope leaves the
    account as it is (policy 5(1), 5(3)).
    """
    stores = [store for store in data_map.stores if not _is_of_the_account(store)]
    categories = [c.name for store in stores for c in store.collections if c.rights.scope]
    return (*(store.fides_key for store in stores), *categories)


def hash_indexes(data_map: DataMap) -> frozenset[tuple[Kind, str]]:
    """The kinds of contacts, and the forms of hashes, by which some store can look them up."""
    return frozenset(
        (kind, form) for kind in Kind for form in HASH_DIGITS for s in data_map.stores if s.has_index_of(kind, form)
    )


def correctable(data_map: DataMap) -> tuple[str, ...]:
    """What a person can have corrected: the subjects that some field of some store repeats."""
    fields = (f for store in data_map.stores for collection in store.collections for f in collection.fields)
    return tuple(sorted({field.rights.correction for field in fields if field.rights.correction}))


def to_review(data_map: DataMap, task: str) -> tuple[str, ...]:
    """The collections of a store task that somebody looks at before they are handed over.

    Nothing in them can be masked by a rule: free text and recordings, in which others may be named or heard.
    """
    stores = (store for store in data_map.stores if store.fides_key == task.partition(".")[0])
    return tuple(c.name for store in stores for c in store.collections if c.rights.third_party == "review")


def tasks_for(
    data_map: DataMap,
    right: Right,
    *,
    scope: Iterable[str] = (),
    subjects: Iterable[str] = (),
    purposes: Iterable[str] = (),
) -> list[Part]:
    """The stores that have something to do for a right, and with which of their collections.

    `scope` are names of `scope_names`, `subjects` what a correction changes, `purposes` the uses of the data that are
    to stop (`all`: restriction of processing). A deletion without a scope includes the account and the sign-in, one
    with a scope never does. A complaint asks nothing of the stores.
    """
    names, about, uses = set(scope), tuple(subjects), tuple(purposes)
    match OPERATION_OF[right]:
        case Operation.EXPORT:
            return _scoped(data_map.stores, names)
        case Operation.ERASE:
            return [(store, _with_children(store, chosen)) for store, chosen in _scoped(data_map.stores, names)]
        case Operation.CORRECT:
            return _where(data_map, lambda collection: bool(collection.fields_about(about)))
        case Operation.RESTRICT:
            return [*_where(data_map, lambda c: bool(c.rights.flags_for(uses))), *_told(data_map, uses)]
        case _:
            return []


def _scoped(stores: Sequence[StoreMap], names: set[str]) -> list[Part]:
    """All of the stores without a scope; else those that are named whole, and those of which collections are named."""
    if not names:
        return [(store, ()) for store in stores]
    parts: list[Part] = []
    for store in stores:
        if _is_of_the_account(store):
            continue
        chosen = tuple(c.name for c in store.collections if c.rights.scope and c.name in names)
        if store.fides_key in names or chosen:
            parts.append((store, () if store.fides_key in names else chosen))
    return parts


def _where(data_map: DataMap, concerns: Callable[[Collection], bool]) -> list[Part]:
    parts = [(store, tuple(c.name for c in store.collections if concerns(c))) for store in data_map.stores]
    return [(store, chosen) for store, chosen in parts if chosen]


def _told(data_map: DataMap, uses: Sequence[str]) -> list[Part]:
    """The partners that have to do with a use that stops."""
    return [(s, ()) for s in data_map.stores if s.rights.partner is not None and s.rights.partner.is_about(uses)]


def _with_children(store: StoreMap, chosen: tuple[str, ...]) -> tuple[str, ...]:
    """With every collection those whose rows refer to it: a row that another row needs could not go."""
    wanted = set(chosen)
    while more := {link.child for link in links(store) if link.parent in wanted} - wanted:
        wanted |= more
    return tuple(c.name for c in store.collections if c.name in wanted)


def _is_of_the_account(store: StoreMap) -> bool:
    """True for what stands or falls with the account: the contacts that prove who it is, the sign-in, the ledger."""
    proves = any(f.rights.contact for collection in store.collections for f in collection.fields)
    return proves or store.rights.kind in {"cognito", "ledger"}
