"""What the product should find and do for each person, worked out from the policy and not from the product.

DOMAIN section 2, in words: accounts, profiles, support files, tickets and after-sales cases go, except what belongs to
an open dispute (ground 7, one year). Service logs go, or stay without the person (devices, places). Risk signals stay
for 24 months (ground 8). Orders, their goods and payments stay for ten years (ground 11), without the consignee; after
that they go.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from local.mall.model import STORES, Mall, Person, Row

PARTNERS = frozenset({"ads", "analytics", "cpes", "payments"})
NOT_OF_THE_MALL = frozenset({"ledger", "login.freeze"}) | PARTNERS
"""What reports like a store of the mall and is none.

The ledger's rows come from requests, not from the sample data; shutting the sign-in goes before the work on `login`;
partners have their data elsewhere, and count it themselves.
"""

_COUNTED_BY_THE_MALL = frozenset({"devices", "places"})
"""Of these logs the rows stay, without anything that tells of the person (policy 3(4))."""

_STATUTORY = (11, 120, "statutory_records")
_SECURITY = (8, 24, "security_records")
_DISPUTE = (7, 12, "open_dispute")


@dataclass(frozen=True, slots=True)
class Keeping:
    """Records kept on a ground, until a day."""

    ground: int
    until: str
    records: int
    reason: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one store should report for one person."""

    found: int
    collections: dict[str, int]
    """Records found per collection."""
    exported: int = 0
    erased: int = 0
    anonymised: int = 0
    retained: int = 0
    kept: tuple[Keeping, ...] = ()


def expected_access(mall: Mall, person: Person) -> dict[str, Expectation]:
    """Per store, what an access request should export: everything that is found."""
    return {
        store: Expectation(found=sum(found.values()), collections=found, exported=sum(found.values()))
        for store, found in _found(mall, person).items()
    }


def expected_deletion(mall: Mall, person: Person, only: tuple[str, ...] | None = None) -> dict[str, Expectation]:
    """Per store, what a deletion (of `only` these collections) should find, erase, anonymise and keep."""
    found = {
        store: {name: number for name, number in numbers.items() if only is None or name in only}
        for store, numbers in _found(mall, person).items()
    }
    return {store: _deletion(mall, person, numbers) for store, numbers in found.items() if numbers}


_COPIES = {
    "name": (("accounts", "name"), ("profile", "display_name"), ("tickets", "customer_name"), ("users", "name")),
    "phone": (("accounts", "phone"), ("users", "phone_number")),
    "contact_phone": (("accounts", "contact_phone"),),
    "email": (("accounts", "email"), ("users", "email")),
    "language": (("accounts", "language"),),
    "birth_date": (("accounts", "birth_date"),),
}
"""Where the mall holds copies of what a person may have corrected. An order's consignee is a record of that day."""


def expected_correction(person: Person, subject: str) -> dict[str, list[tuple[str, str, str]]]:
    """Per store, the fields that a correction of the subject should change: collection, field, and what it holds."""
    wanted = _COPIES[subject]
    return {
        store: [
            (collection, field, row[field])
            for collection, field in wanted
            if collection in collections
            for row in person.rows.get(collection, ())
            if row.get(field)
        ]
        for store, collections in STORES.items()
        if any(collection in collections for collection, _ in wanted)
    }


_STOPPED = {"marketing_opt_out": ("marketing", "personalised_ads")}
"""What an opt-out takes back (policy 1(2))."""

Flags = dict[str, dict[tuple[str, str], dict[str, object]]]
"""Per store, the records on which a flag stands: collection and key to the fields that say so."""


def expected_flags(person: Person, right: str, purposes: tuple[str, ...] = ()) -> Flags:
    """Where a consent withdrawal (of these purposes), an opt-out or a restriction leaves its mark.

    A consent is taken back on its own record, also where none was given: a refusal is on record too. A restriction
    stands on the account.
    """
    if right == "restriction":
        return {"accounts": {("accounts", person.account_id): {"restricted": True}}}
    stopped = _STOPPED.get(right, purposes)
    return {"profiles": {("consents", f"CONSENT#{p}"): {"purpose": p, "granted": False} for p in stopped}}


def expected_lapses(person: Person) -> dict[str, str]:
    """What ends with the account, each with what it stands at; nothing of what there is none of."""
    accounts = person.rows.get("accounts", [])
    return {
        name: str(len(row[name]) if name == "coupons" else row[name])
        for row in accounts
        for name in ("points", "coupons", "balance")
        if row[name]
    }


def is_child(mall: Mall, person: Person) -> bool:
    """True for children aged 14 or under (policy 6): until the day before they turn 15."""
    births = [date.fromisoformat(row["birth_date"]) for row in person.rows.get("accounts", ())]
    return any(mall.today < _later(birth, 180) for birth in births)


def _found(mall: Mall, person: Person) -> dict[str, dict[str, int]]:
    return {
        store: {collection: len(mall.rows_about(person, collection)) for collection in collections}
        for store, collections in STORES.items()
    }


def _deletion(mall: Mall, person: Person, found: dict[str, int]) -> Expectation:
    anonymised = 0
    kept: list[Keeping] = []
    for collection in found:
        for row in mall.rows_about(person, collection):
            if collection in _COUNTED_BY_THE_MALL:
                anonymised += 1
            elif collection == "consignees":
                anonymised += _term(row, _STATUTORY, mall.today) is not None
            else:
                kept.extend(_keeping(collection, row, mall.today))
    total = sum(found.values())
    return Expectation(
        found=total,
        collections=found,
        erased=total - anonymised - len(kept),
        anonymised=anonymised,
        retained=len(kept),
        kept=_together(kept),
    )


def _keeping(collection: str, row: Row, today: date) -> Iterable[Keeping]:
    match collection:
        case "orders" | "order_items" | "payments":
            keeping = _term(row, _STATUTORY, today)
        case "signals":
            keeping = _term(row, _SECURITY, today)
        case "after_sales" | "tickets":
            keeping = _dispute(today) if row["status"] == "dispute_open" else None
        case "files":
            keeping = _dispute(today) if row["tags"].get("dispute") == "open" else None
        case _:
            keeping = None
    return () if keeping is None else (keeping,)


def _term(row: Row, rule: tuple[int, int, str], today: date) -> Keeping | None:
    ground, months, reason = rule
    start = row["placed_at"].date() if "placed_at" in row else datetime.fromisoformat(row["at"]).date()
    until = _later(start, months)
    return Keeping(ground, until.isoformat(), 1, reason) if today <= until else None


def _dispute(today: date) -> Keeping:
    ground, months, reason = _DISPUTE
    return Keeping(ground, _later(today, months).isoformat(), 1, reason)


def _later(start: date, months: int) -> date:
    """So many months later, on the same day or, where the month has no such day, on its last."""
    years, month = divmod(start.month - 1 + months, 12)
    for day in range(start.day, 27, -1):
        try:
            return date(start.year + years, month + 1, day)
        except ValueError:
            continue
    return date(start.year + years, month + 1, start.day)


def _together(kept: Iterable[Keeping]) -> tuple[Keeping, ...]:
    merged: dict[tuple[int, str], Keeping] = {}
    for one in kept:
        key = (one.ground, one.reason)
        before = merged.get(key, Keeping(one.ground, "", 0, one.reason))
        merged[key] = Keeping(one.ground, max(before.until, one.until), before.records + 1, one.reason)
    return tuple(merged[key] for key in sorted(merged))
