"""Plans of affiliates' requests: whose word counts for what, and who is told."""

from dataclasses import dataclass, field
from typing import Any

from rights.asking import Facts
from rights.domain.identity import Kind
from rights.domain.review import Reason
from rights.domain.rights import Channel, Right
from rights.domain.status import Status
from rights.ledger import Ledger, Request
from rights.ledger.identity import IDENTITY_WAIT
from rights.ledger.model import FromAffiliate, NoticeStatus
from rights.proof import ask_for_proof
from tests.integration.ledger.test_requests import PHONE, new
from tests.integration.planning import EMAIL, Mall, plan

STRANGER = "stranger@example.com"
HASH = "sha256:" + "0" * 64


@dataclass
class Indexed(Mall):
    """A mall that can look up hashes."""

    hashes: dict[str, str] = field(default_factory=lambda: {HASH: EMAIL})

    def unhash(self, _: str, kind: Kind, hashed: str) -> str | None:
        assert kind is Kind.EMAIL
        return self.hashes.get(hashed)


def sent(ledger: Ledger, right: Right = Right.RESTRICTION, *, asserted: bool = True, **more: Any) -> Request:
    facts = {"request_id": more.pop("their_id", "1"), "is_braked": more.pop("is_braked", False)}
    of = FromAffiliate(affiliate="cpes", is_asserted=asserted, **facts)
    return ledger.open_request(new(right=right, channel=Channel.AFFILIATE, from_affiliate=of, **more)).request


def planned(ledger: Ledger, request: Request, mall: Mall | None = None) -> Request:
    plan(ledger, request.id, mall or Indexed())
    return ledger.get(request.id)


def test_of_the_contacts_an_affiliate_names_only_those_on_file_are_told_anything(ledger: Ledger) -> None:
    mall = Indexed()
    request = planned(ledger, sent(ledger, typed={"phone": PHONE, "email": STRANGER}), mall)
    assert ledger.proven(request.id) == ["phone"]
    assert ledger.proven_contacts(request.id) == {"phone": PHONE}
    assert mall.seeds[0] == {"phone": PHONE, "email": STRANGER}
    assert (request.status, request.review) == (Status.VERIFIED, None)


def test_a_hash_leads_to_the_contact_on_file_and_is_gone_then(ledger: Ledger) -> None:
    mall = Indexed()
    request = planned(ledger, sent(ledger, typed={}, hashed={"email": HASH}), mall)
    assert mall.seeds[0] == {"email": EMAIL}
    assert ledger.proven_contacts(request.id) == {"email": EMAIL}
    assert ledger.private(request.id, "typed") == {"identifiers": {"email": EMAIL}, "message": ""}


def test_a_hash_of_nobody_is_planned_like_any_other_and_reaches_nobody(ledger: Ledger) -> None:
    mall = Indexed(hashes={})
    request = planned(ledger, sent(ledger, typed={}, hashed={"email": HASH}), mall)
    assert mall.seeds[0] == {}
    assert (request.plan is not None, request.review, ledger.proven(request.id)) == (True, None, [])
    other = planned(ledger, sent(ledger, their_id="2", typed={}, hashed={"email": HASH}), mall)
    assert other.status is Status.VERIFIED, "two who are nobody are not one"


def test_beyond_the_ceiling_somebody_looks_first(ledger: Ledger) -> None:
    assert planned(ledger, sent(ledger, is_braked=True)).review == Reason.AFFILIATE_CEILING


def test_an_affiliates_word_does_not_stand_for_a_contact_that_was_changed_of_late(ledger: Ledger) -> None:
    fresh = Facts(contact_changed_at="2026-11-20T00:00:00+07:00")
    request = planned(ledger, sent(ledger, Right.DELETION, typed={"phone": PHONE, "email": EMAIL}), Indexed(told=fresh))
    assert request.review == Reason.NEW_ON_FILE


def test_a_person_named_by_a_hash_confirms_at_the_contact_on_file(ledger: Ledger) -> None:
    stores: Any = Indexed()
    request = sent(ledger, Right.ACCESS, asserted=False, typed={}, hashed={"email": HASH})
    for token in ("one", "two"):
        ask_for_proof(request.id, token, 3600, ledger, stores)
    [code] = ledger.notices(request.id)
    assert (code.kind, code.channel, ledger.contact_of(code)) == ("code", "email", EMAIL)
    ledger.store_code(request.id, "email", "identity", "482913")
    ledger.try_code(request.id, "482913")
    assert ledger.get(request.id).status is Status.VERIFIED
    wait = ledger.last_wait(request.id, IDENTITY_WAIT)
    assert wait is not None
    assert wait.answer == {"outcome": "verified"}


def test_nobody_is_sent_a_code_for_a_hash_of_nobody_and_the_request_waits_as_long(ledger: Ledger) -> None:
    stores: Any = Indexed(hashes={})
    request = sent(ledger, Right.ACCESS, asserted=False, typed={}, hashed={"email": HASH})
    ask_for_proof(request.id, "token", 3600, ledger, stores)
    assert [n for n in ledger.notices(request.id) if n.status is NoticeStatus.QUEUED] == []
    assert ledger.get(request.id).status is Status.IDENTITY_NEEDED
    assert (ledger.codes(request.id) or {})["typed"] == ["email"]
