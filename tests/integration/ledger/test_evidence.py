import pytest

from rights.domain.evidence import MOST_FILES, EvidenceKind, EvidenceStatus, Refusal
from rights.domain.rights import Channel, Locale, Requester, Right
from rights.errors import IllegalTransitionError, NotReadyError
from rights.ledger import Ledger, NewRequest

KIND, PDF = EvidenceKind.RELATION_DOCUMENT, "application/pdf"


def asked(ledger: Ledger, *, proven: bool = True) -> str:
    """A guardian's request."""
    new = NewRequest(
        right=Right.ACCESS,
        channel=Channel.WEB,
        locale=Locale.EN,
        typed={"phone": "+85512345678"},
        requester=Requester.GUARDIAN,
        acting={"name": "Sok Dara", "relation": "parent", "for": "child", "phone": "+85512000001"},
        proven=proven,
    )
    return ledger.open_request(new).request.id


def codes_of(ledger: Ledger, request_id: str) -> list[tuple[str, dict[str, object]]]:
    events = ledger.events(request_id)
    return [(event.code, dict(event.detail)) for event in events if event.code.startswith("evidence_")]


def test_files_are_numbered_in_the_order_in_which_they_are_offered(ledger: Ledger) -> None:
    request_id = asked(ledger)
    offered = [ledger.offer_evidence(request_id, kind, PDF) for kind in (EvidenceKind.IDENTITY_DOCUMENT, KIND)]
    assert offered == ledger.evidence_files(request_id)
    assert [file.number for file in ledger.evidence_files(request_id)] == [1, 2]
    assert codes_of(ledger, request_id) == [
        ("evidence_offered", {"kind": "identity_document", "number": 1}),
        ("evidence_offered", {"kind": "relation_document", "number": 2}),
    ]


def test_a_request_takes_ten_files_and_no_more(ledger: Ledger) -> None:
    request_id = asked(ledger)
    assert all(ledger.offer_evidence(request_id, KIND, PDF) for _ in range(MOST_FILES))
    assert ledger.offer_evidence(request_id, KIND, PDF) is None
    assert [file.number for file in ledger.evidence_files(request_id)] == list(range(1, 11))


def test_nobody_offers_evidence_before_their_own_contact_is_proven(ledger: Ledger) -> None:
    request_id = asked(ledger, proven=False)
    with pytest.raises(NotReadyError):
        ledger.offer_evidence(request_id, KIND, PDF)
    assert ledger.evidence_files(request_id) == []


def test_nobody_offers_evidence_once_a_request_has_ended(ledger: Ledger) -> None:
    request_id = asked(ledger)
    ledger.withdraw(request_id)
    with pytest.raises(IllegalTransitionError):
        ledger.offer_evidence(request_id, KIND, PDF)


def test_a_file_is_received_once_with_its_hash(ledger: Ledger) -> None:
    request_id = asked(ledger)
    file = ledger.offer_evidence(request_id, KIND, PDF)
    assert file
    assert ledger.evidence_received(request_id) == frozenset()
    received = ledger.settle_evidence(file, size=7, sha256="aa")
    assert (received.status, received.size, received.sha256, received.why) == (EvidenceStatus.RECEIVED, 7, "aa", None)
    assert ledger.settle_evidence(file, size=9, sha256="bb") == received
    assert ledger.settle_evidence(file, size=0, why=Refusal.EMPTY) == received
    assert ledger.evidence_received(request_id) == {KIND}
    assert codes_of(ledger, request_id)[1:] == [("evidence_received", {"kind": "relation_document", "number": 1})]


def test_a_refused_file_says_why_and_counts_for_nothing(ledger: Ledger) -> None:
    request_id = asked(ledger)
    file = ledger.offer_evidence(request_id, KIND, PDF)
    assert file
    refused = ledger.settle_evidence(file, size=9, why=Refusal.WRONG_TYPE)
    assert (refused.status, refused.why, refused.sha256) == (EvidenceStatus.REFUSED, Refusal.WRONG_TYPE, None)
    assert ledger.evidence_received(request_id) == frozenset()
    told = {"kind": "relation_document", "number": 1, "why": "wrong_type"}
    assert codes_of(ledger, request_id)[1:] == [("evidence_refused", told)]


def test_a_file_that_comes_after_the_request_has_ended_is_refused_whatever_it_is(ledger: Ledger) -> None:
    request_id = asked(ledger)
    file = ledger.offer_evidence(request_id, KIND, PDF)
    assert file
    ledger.withdraw(request_id)
    refused = ledger.settle_evidence(file, size=7, sha256="aa")
    assert (refused.status, refused.why, refused.sha256) == (EvidenceStatus.REFUSED, Refusal.TOO_LATE, None)
    assert ledger.verify_chain(request_id)


def test_who_opens_a_file_is_on_record(ledger: Ledger) -> None:
    request_id = asked(ledger)
    file = ledger.offer_evidence(request_id, KIND, PDF)
    assert file
    ledger.evidence_opened(file, by="op-1", reason="review")
    last = ledger.events(request_id)[-1]
    assert (last.code, last.by) == ("evidence_opened", "op-1")
    assert last.detail == {"kind": "relation_document", "number": 1, "reason": "review"}
    assert ledger.verify_chain(request_id)
