"""Every door, with its description: the door itself says which routes there are."""

from typing import Any, NamedTuple

import gateway_api.app
import operator_api.app
import partner_api.app
import public_api.app
from local.openapi.describe import DoorDescription
from local.openapi.machines import GATEWAY, PARTNERS
from local.openapi.operators import OPERATORS
from local.openapi.public import PUBLIC
from public_api.routes import PublicRoutes
from rights.door import Door


class _Nobody:
    """Stands in for all that a door asks: its routes are looked at, and never taken."""

    def __getattr__(self, _: str) -> Any:
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self


class Described(NamedTuple):
    """A door, and what is said of it."""

    folder: str
    door: Door
    description: DoorDescription


def doors() -> tuple[Described, ...]:
    """The doors, in the order in which they are described."""
    nobody: Any = _Nobody()
    people = PublicRoutes(nobody, nobody, nobody, "", nobody)
    return (
        Described("public_api", public_api.app.build(people), PUBLIC),
        Described("operator_api", operator_api.app.build(nobody, nobody), OPERATORS),
        Described("partner_api", partner_api.app.build(nobody), PARTNERS),
        Described("gateway_api", gateway_api.app.build(nobody), GATEWAY),
    )
