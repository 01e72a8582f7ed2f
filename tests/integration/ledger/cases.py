"""Cases of several rights, and the steps that have them proven."""

from dataclasses import dataclass, field
from typing import Any

from rights.domain.identity import Identifier
from rights.domain.rights import Right
from rights.ledger import Ledger, Request
from rights.ledger.identity import IDENTITY_WAIT
from rights.proof import ask_for_proof
from tests.integration.ledger.test_requests import PHONE, new

EMAIL = "sok.dara@example.com"
CODE = "482913"
THREE = (Right.ACCESS, Right.CORRECTION, Right.RESTRICTION)
CHANGES = {"name": {"to": "Sok Dara"}}
GUARDIAN = {"name": "Sok Chan", "relation": "parent", "for": "child", "email": "chan@example.com"}


@dataclass
class OnFile:
    """Stores that know some contacts, and remember what they were asked for."""

    known: tuple[str, ...] = (PHONE,)
    asked: list[str] = field(default_factory=list)

    def recognise(self, _: str, identifier: Identifier) -> bool:
        self.asked.append(identifier.value)
        return identifier.value in self.known


def case(ledger: Ledger, *rights: Right, **more: Any) -> list[str]:
    opened = ledger.open_request(new(right=rights[0], also=rights[1:], changes=CHANGES, **more))
    return [opened.request.id, *(other.id for other in opened.others)]


def prove(ledger: Ledger, request_id: str, channel: str = "phone") -> None:
    ledger.store_code(request_id, channel, "identity", CODE)
    ledger.try_code(request_id, CODE)


def verify(ledger: Ledger, request_id: str, on_file: OnFile | None = None) -> None:
    """What VerifyIdentity does, twice: the step may come again with another token."""
    stores: Any = on_file or OnFile()
    for token in ("token", "token of a retry"):
        ask_for_proof(request_id, token, 3600, ledger, stores)


def settle(ledger: Ledger, request_id: str) -> Request:
    """What SettleIdentity does when the time is up, twice."""
    for _ in range(2):
        request = ledger.settle_case(request_id)
    return request


def answer(ledger: Ledger, request_id: str) -> Any:
    wait = ledger.last_wait(request_id, IDENTITY_WAIT)
    return wait.answer if wait else None


def kinds(ledger: Ledger, request_id: str) -> list[str]:
    return [notice.kind for notice in ledger.notices(request_id)]


def chains_hold(ledger: Ledger, ids: list[str]) -> bool:
    return all(ledger.verify_chain(request_id) for request_id in ids)
