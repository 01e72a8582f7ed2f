"""The sample mall: an online shop's stores, filled with people who do not exist."""

from typing import Any

from local.mall.compare import fingerprint
from local.mall.expect import (
    NOT_OF_THE_MALL,
    Expectation,
    Keeping,
    expected_access,
    expected_correction,
    expected_deletion,
    expected_flags,
    expected_lapses,
    is_child,
)
from local.mall.loader import Stores, load, loaded, point_secret
from local.mall.model import STORES, Mall, Person
from local.mall.population import generate
from local.mall.sign_ins import PARAMETER as USER_POOL_PARAMETER
from local.mall.special import MARKER

__all__ = [
    "MARKER",
    "NOT_OF_THE_MALL",
    "STORES",
    "USER_POOL_PARAMETER",
    "Expectation",
    "Keeping",
    "Mall",
    "Person",
    "Stores",
    "expected_access",
    "expected_correction",
    "expected_deletion",
    "expected_flags",
    "expected_lapses",
    "fingerprint",
    "generate",
    "is_child",
    "load",
    "loaded",
    "people",
    "point_secret",
    "special",
]


def special(name: str, mall: Mall | None = None) -> Person:
    """A special person by name, in the default mall or the given one; KeyError without one."""
    return (mall or generate()).special(name)


def people(mall: Mall) -> list[dict[str, Any]]:
    """The sample people one can try, the special ones first: contacts, and records per store."""
    return [
        {
            "name": person.name,
            "phone": person.phone,
            "email": person.email,
            "language": person.language,
            "who": person.who,
            "records": {
                store: sum(len(mall.rows_about(person, collection)) for collection in collections)
                for store, collections in STORES.items()
            },
        }
        for person in mall.people
    ]
