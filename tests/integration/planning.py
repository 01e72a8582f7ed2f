"""Plans over stores in memory: a mall with one person in it, and what the step PlanRequest does."""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from rights.asking import Facts
from rights.datamap import load_data_map
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.rights import Right
from rights.errors import StoreUnavailableError
from rights.ledger import Ledger, Request
from rights.planning import Plan, PlanSettings, plan_request
from tests.integration.ledger.test_requests import PHONE, new

EMAIL = "sok.dara@example.com"
COOLING = timedelta(days=3)
AGENT = {"name": "Chan", "relation": "authorised", "for": "adult", "phone": "+85599999999"}


@dataclass
class Mall:
    """The stores of the mall with one person in them; each may be out of order for a number of questions."""

    accounts: tuple[str, ...] = ("acc-1",)
    phones: tuple[str, ...] = (PHONE,)
    emails: tuple[str, ...] = (EMAIL,)
    told: Facts = field(default_factory=Facts)
    records: int = 2
    refuses: dict[str, list[str]] = field(default_factory=dict)
    seen_values: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    seeds: list[dict[str, str]] = field(default_factory=list)
    asked: int = 0
    fails_at: int = 0
    data_map = load_data_map()

    def _answer(self) -> None:
        self.asked += 1
        if self.asked == self.fails_at:
            raise StoreUnavailableError

    def recognise(self, _: str, identifier: Identifier) -> bool:
        return identifier.value in {*self.phones, *self.emails}

    def resolve(self, _: str, seeds: dict[str, str]) -> KeySet:
        self._answer()
        self.seeds.append(seeds)
        keys = {Identifier(Kind(kind), value) for kind, value in seeds.items()}
        if {*self.phones, *self.emails}.isdisjoint(seeds.values()):
            return KeySet.of(keys)
        keys |= {Identifier(Kind.ACCOUNT, account) for account in self.accounts}
        keys |= {Identifier(Kind.PHONE, phone) for phone in self.phones}
        return KeySet.of(keys | {Identifier(Kind.EMAIL, email) for email in self.emails})

    def facts(self, *_: object) -> Facts:
        self._answer()
        return self.told

    def count(self, _: str, store: str, __: KeySet, collections: tuple[str, ...] = ()) -> dict[str, int]:
        self._answer()
        return dict.fromkeys(collections or (f"all of {store}",), self.records)

    def conflicts(self, _: str, store: str, __: KeySet, today: str) -> list[str]:
        self._answer()
        assert date.fromisoformat(today)
        return self.refuses.get(store, [])

    def seen(self, _: str, store: str, __: KeySet, subjects: list[str]) -> list[dict[str, Any]]:
        self._answer()
        return [one for one in self.seen_values.get(store, []) if one["subject"] in subjects]


def proven(ledger: Ledger, right: Right, **more: Any) -> str:
    return ledger.open_request(new(**({"right": right, "proven": True} | more))).request.id


def plan(ledger: Ledger, request_id: str, mall: Mall | None = None) -> Plan:
    """What PlanRequest does, twice: the step may come again."""
    settings = PlanSettings(cooling_off_seconds=int(COOLING.total_seconds()))
    stores: Any = mall or Mall()
    first = plan_request(request_id, ledger, stores, ledger.hmac, settings)
    again = plan_request(request_id, ledger, stores, ledger.hmac, settings)
    assert (again.outcome, again.stages) == (first.outcome, first.stages)
    assert ledger.verify_chain(request_id)
    json.dumps(first.to_dict())
    return again


def planned(ledger: Ledger, right: Right, mall: Mall | None = None, **more: Any) -> Request:
    request_id = proven(ledger, right, **more)
    plan(ledger, request_id, mall)
    return ledger.get(request_id)


def approve(ledger: Ledger, request: Request) -> Request:
    for who in ("op-1", "op-2"):
        if ledger.get(request.id).decision is None:
            ledger.approve(request.id, by=who, plan=str(request.plan), as_approver=True)
    return ledger.get(request.id)
