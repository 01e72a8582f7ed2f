"""The sample people and their rows, in the shape in which the loader writes them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Row = dict[str, Any]

STORES: dict[str, tuple[str, ...]] = {
    "accounts": ("accounts",),
    "profiles": ("profile", "search_history", "favourites", "cart", "consents"),
    "risk": ("signals",),
    "orders": ("order_items", "consignees", "payments", "after_sales", "orders"),
    "support_tickets": ("tickets",),
    "support": ("files",),
    "login": ("users",),
    "service_logs": ("page_views", "clicks", "searches", "devices", "places"),
}
"""Each store of the mall and its collections."""

POSTGRES = ("orders", "order_items", "consignees", "payments", "after_sales", "tickets")
"""The tables, those that are referred to first."""


@dataclass(slots=True)
class Person:
    """One person; `account_id` is empty for somebody who is only a consignee of others' orders."""

    name: str
    latin: str
    phone: str
    email: str | None
    language: str
    account_id: str = ""
    special: str = ""
    """The name under which `Mall.special` finds this person."""
    who: str = ""
    """What is special, in a sentence."""
    rows: dict[str, list[Row]] = field(default_factory=dict)
    """Collection to rows. A file's `content` is the list of its versions, oldest first; `None` is a delete marker."""


@dataclass(slots=True)
class Mall:
    """All sample people on one day."""

    people: tuple[Person, ...]
    today: date

    def special(self, name: str) -> Person:
        """The person of this name; KeyError without one."""
        for person in self.people:
            if person.special == name:
                return person
        raise KeyError(name)

    def rows(self, collection: str) -> Iterator[Row]:
        """Every row of one collection."""
        for person in self.people:
            yield from person.rows.get(collection, ())

    def rows_about(self, person: Person, collection: str) -> list[Row]:
        """The rows a request of this person concerns: their own or, without account, those that name their phone."""
        if person.account_id:
            return person.rows.get(collection, [])
        if collection != "consignees":
            return []
        return [row for row in self.rows(collection) if row["phone"] == person.phone]
