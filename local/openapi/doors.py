"""Every door, with its description: the door itself says which routes there are."""

from typing import Any, NamedTuple

import affiliate_api.app
import gateway_api.app
import partner_api.app
import public_api.app
from local.openapi.affiliates import AFFILIATES
from local.openapi.describe import DoorDescription
from local.openapi.machines import GATEWAY, PARTNERS
from local.openapi.operators import OPERATORS
from local.openapi.public import PUBLIC
from operator_api.desk import OWN_RULES
from operator_api.routes import Routes
from public_api.routes import PublicRoutes


class _Nobody:
    """Stands in for all that a door asks: its routes are looked at, and never taken."""

    def __getattr__(self, _: str) -> Any:
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self


class Described(NamedTuple):
    """A door: method and rule of each of its routes, and what is said of them."""

    folder: str
    rules: tuple[tuple[str, str], ...]
    description: DoorDescription


def doors() -> tuple[Described, ...]:
    """The doors, in the order in which they are described."""
    nobody: Any = _Nobody()
    people = PublicRoutes(nobody, nobody, nobody, "", nobody)
    return (
        Described("public_api", public_api.app.build(people).rules, PUBLIC),
        Described("operator_api", (*OWN_RULES, *Routes(nobody, nobody).rules), OPERATORS),
        Described("affiliate_api", affiliate_api.app.build(nobody, nobody, nobody).rules, AFFILIATES),
        Described("partner_api", partner_api.app.build(nobody).rules, PARTNERS),
        Described("gateway_api", gateway_api.app.build(nobody).rules, GATEWAY),
    )
