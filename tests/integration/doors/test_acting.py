"""What people may see and do in each state: alone, with several rights, and in another's name with evidence."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from rights.domain.rights import Operation
from rights.domain.status import Status
from rights.ledger import Ledger, Task
from rights.ledger.reviews import LeftOut
from tests.integration.doors.conftest import EMAIL, PHONE, Door, Person
from tests.integration.doors.test_confirm import LAPSES, closing
from tests.integration.doors.test_intake import NEEDS, PARENT
from tests.support.plans import lay

OWN = {"phone": PHONE, "email": "sok@example.com"}
PICTURE = {"kind": "relation_document", "content_type": "image/png"}


def acts(person: Person, right: str = "account_closure", **laid: Any) -> Person:
    """A request of a parent for somebody who has an account, looked at by nobody yet."""
    person.asks(right=right, requester=PARENT, on_file=OWN, **NEEDS.get(right, {})).proves()
    ledger = person.ledger
    ledger.put_private(person.request_id, "subject", {"keys": {"phone": [PHONE], "email": [EMAIL]}, "is_child": True})
    ledger.put_private(person.request_id, "lapses", LAPSES)
    task = Task(request_id=person.request_id, store="accounts", kind="dynamodb", stage=9, operation=Operation.ERASE)
    lay(ledger, person.request_id, [task], review="guardian", confirm="closure", **laid)
    return person.gets_mail()


def approved(person: Person) -> None:
    for operator in ("op-1", "ap-1"):
        person.ledger.approve(person.request_id, by=operator, plan="hash", as_approver=operator == "ap-1")


# ---- what is next


def in_review(person: Person) -> None:
    lay(person.ledger, person.request_id, review="unusual_size")


def asked(person: Person) -> None:
    in_review(person)
    from_now = person.ledger.clock
    person.ledger.ask(person.request_id, "Which?", by="op-1", time_to_answer=from_now() - from_now())


def refused(person: Person) -> None:
    in_review(person)
    person.ledger.refuse(person.request_id, by="op-1", ground=11)


def cooling(person: Person) -> None:
    lay(person.ledger, person.request_id)
    person.ledger.cool_off(person.request_id, "token", 3600)


def begun(person: Person) -> None:
    lay(person.ledger, person.request_id)
    person.ledger.begin_work(person.request_id)


def broken(person: Person) -> None:
    begun(person)
    person.ledger.ask_for_repair(person.request_id)


def withdrawn(person: Person) -> None:
    person.ledger.withdraw(person.request_id)


@pytest.mark.parametrize(
    ("reach", "status", "next_steps"),
    [
        (None, "in_progress", ["withdraw"]),
        (closing, "confirm_needed", ["confirm", "withdraw"]),
        (in_review, "in_review", ["withdraw"]),
        (asked, "question", ["answers", "withdraw"]),
        (cooling, "cooling_off", ["withdraw"]),
        (begun, "in_progress", []),
        (broken, "in_progress", []),
        (refused, "refused", []),
        (withdrawn, "withdrawn", []),
    ],
)
def test_each_state_has_its_word_and_its_next_steps(
    person: Person, reach: Callable[[Person], object] | None, status: str, next_steps: list[str]
) -> None:
    person.asks(right="deletion").proves()
    if reach:
        reach(person)
    seen = person.call("GET").json
    assert (seen["status"], seen["next"]) == (status, next_steps)
    assert (seen["rights"][0]["status"], seen["due_at"]) == (status, seen["rights"][0]["due_at"])
    steps = {"confirm": {"agree": True}, "answers": {"message": "x"}}
    for step, body in steps.items():
        if step not in next_steps:
            assert person.call("POST", f"/{step}", json_body=body).status == 409
    may_withdraw = "withdraw" in next_steps or status == "withdrawn"
    assert person.call("DELETE").status == (200 if may_withdraw else 409)


# ---- several rights


def case_of(door: Door, ledger: Ledger) -> list[tuple[str, str]]:
    body = {"rights": ["access", "deletion", "restriction"], "identifiers": {"phone": PHONE}}
    made = door("POST", "/requests", json_body=body).json["requests"]
    for one in made:
        ledger.ask_for_proof(one["request_id"])
    return [(one["request_id"], one["status_token"]) for one in made]


def test_withdrawing_the_first_of_an_unproven_case_ends_all_of_it(door: Door, ledger: Ledger) -> None:
    (first, token), *others = case_of(door, ledger)
    assert door("DELETE", f"/requests/{first}", token=token).json["status"] == "withdrawn"
    for request_id, own in others:
        assert door("GET", f"/requests/{request_id}", token=own).json["status"] == "withdrawn"
    assert door("DELETE", f"/requests/{first}", token=token).status == 200


def test_withdrawing_another_of_the_case_or_the_first_after_proof_ends_that_one_only(
    door: Door, ledger: Ledger
) -> None:
    (first, token), (second, second_token), (third, _) = case_of(door, ledger)
    door("POST", f"/requests/{second}/withdraw", token=second_token, json_body={})
    assert [ledger.get(one).status for one in (first, second, third)] == [
        Status.IDENTITY_NEEDED,
        Status.WITHDRAWN,
        Status.IDENTITY_NEEDED,
    ]
    ledger.store_code(first, "phone", "identity", "123456")
    assert door("POST", f"/requests/{first}/code", token=token, json_body={"code": "123456"}).json["proven"]
    ledger.join_case(third)
    door("DELETE", f"/requests/{first}", token=token)
    assert [ledger.get(one).status for one in (first, third)] == [Status.WITHDRAWN, Status.VERIFIED]


# ---- in another's name


def test_before_somebody_looked_who_acts_for_another_sees_nothing_of_the_account(person: Person) -> None:
    seen = acts(person).call("GET")
    assert (seen.json["status"], seen.json["stores"]) == ("in_review", [])
    assert seen.json["next"] == ["evidence", "withdraw"]
    assert "lapses" not in seen.json
    sent = [n for n in person.ledger.notices(person.request_id) if n.sent_at]
    assert {n.purpose for n in sent if n.kind == "asked_for_you"} == {"on_file"}
    assert {(n["kind"], n["channel"]) for n in seen.json["notices"]} == {("code", "email"), ("received", "email")}
    for secret in (PHONE, EMAIL, "accounts", "1200"):
        assert secret not in seen.text
        assert secret not in person.call("GET", html=True).text


def test_with_and_without_an_account_who_acts_for_another_sees_the_same_before_somebody_looked(
    person: Person, ledger: Ledger
) -> None:
    def seen() -> list[object]:
        told = person.call("GET").json
        return [told[name] for name in sorted(set(told) - {"request_id", "reference", "received_at", "due_at"})
                if name not in {"notices", "due_explained", "rights"}] + [sorted(told)]  # fmt: skip

    acts(person)
    with_account = seen()
    ledger.withdraw(person.request_id)
    person.asks(right="account_closure", requester=PARENT, on_file={"email": "sok@example.com"}).proves()
    ledger.put_private(person.request_id, "lapses", [])
    lay(ledger, person.request_id, subjects=("nobody",), review="guardian", confirm="closure")
    assert with_account == seen()


def test_after_the_approval_they_see_what_lapses_and_confirm(person: Person) -> None:
    approved(acts(person))
    person.ledger.ask_to_confirm(person.request_id, "token", 3600)
    seen = person.call("GET").json
    assert (seen["status"], seen["lapses"], len(seen["stores"])) == ("confirm_needed", LAPSES, 1)
    assert "evidence" not in seen["next"]
    assert person.call("POST", "/confirm", json_body={"agree": True}).json["status"] == "in_progress"


def test_a_refusal_shows_no_store_and_no_lapse(person: Person) -> None:
    acts(person)
    person.ledger.refuse(person.request_id, by="op-1", ground=None)
    seen = person.call("GET").json
    assert (seen["status"], seen["next"], seen["stores"]) == ("refused", [], [])
    assert "lapses" not in seen


def test_what_an_approval_left_out_is_told_with_the_others(person: Person) -> None:
    acts(person, "deletion")
    left_out = [LeftOut("accounts", 11)]
    for operator in ("op-1", "ap-1"):
        person.ledger.approve(person.request_id, by=operator, plan="hash", left_out=left_out, as_approver=True)
    assert [one["store"] for one in person.call("GET").json["stores"]] == ["accounts"]


# ---- evidence


def test_evidence_is_offered_by_json_from_the_proof_to_the_decision(person: Person) -> None:
    person.asks(right="access", requester=PARENT, on_file=OWN)
    early = person.call("POST", "/evidence", json_body=PICTURE)
    assert (early.status, early.code) == (409, "not_ready")
    person.proves()
    lay(person.ledger, person.request_id, review="guardian")
    asked_for = person.call("GET", "/evidence").json
    assert asked_for == {"needed": ["identity_document", "relation_document"], "files": []}
    offer = person.call("POST", "/evidence", json_body=PICTURE)
    assert (offer.status, offer.json["number"]) == (201, 1)
    assert offer.json["fields"]["Content-Type"] == "image/png"
    [file] = person.call("GET", "/evidence").json["files"]
    assert (file["number"], file["kind"], file["status"]) == (1, "relation_document", "offered")
    person.ledger.refuse(person.request_id, by="op-1", ground=None)
    assert person.call("POST", "/evidence", json_body=PICTURE).code == "too_late"


def test_no_more_than_ten_files_are_taken(person: Person) -> None:
    acts(person)
    assert [person.call("POST", "/evidence", form=PICTURE).status for _ in range(11)] == [201] * 10 + [429]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"kind": "evidence_kind_unknown", "content_type": "file_type_not_taken"}),
        (PICTURE | {"kind": "selfie"}, {"kind": "evidence_kind_unknown"}),
        (PICTURE | {"kind": ["relation_document"]}, {"kind": "evidence_kind_unknown"}),
        (PICTURE | {"content_type": "text/html"}, {"content_type": "file_type_not_taken"}),
        (PICTURE | {"content_type": "image/png\r\nX: y"}, {"content_type": "file_type_not_taken"}),
        (PICTURE | {"content_type": 7}, {"content_type": "file_type_not_taken"}),
        (PICTURE | {"name": "passport of Sok Dara.png"}, {"name": "unknown_field"}),
        (PICTURE | {"Sok Dara": 1}, {"body": "unknown_field"}),
    ],
)
def test_a_file_that_is_none_gets_no_number(person: Person, body: dict[str, Any], fields: dict[str, str]) -> None:
    reply = acts(person).call("POST", "/evidence", json_body=body)
    assert reply.status == 422
    assert {name: problem["code"] for name, problem in reply.json["error"]["fields"].items()} == fields
    assert "Sok" not in reply.text
    assert person.call("GET", "/evidence").json["files"] == []


@pytest.mark.parametrize("number", ["0", "2", "99", "100", "x", "-1", "\uff11", "1e1", "%00"])
def test_a_number_that_was_not_given_is_not_found(person: Person, number: str) -> None:
    acts(person).call("POST", "/evidence", json_body=PICTURE)
    assert person.call("POST", f"/evidence/{number}", json_body={}).code == "not_found"


def test_an_operator_opens_a_file_for_a_reason_on_record(operator: Door, person: Person) -> None:
    acts(person).call("POST", "/evidence", json_body=PICTURE)
    path = f"/ops/requests/{person.request_id}/evidence"
    assert operator("POST", f"{path}/1", json_body={"reason": "review"}).code == "not_found"
    file = person.ledger.evidence_file(person.request_id, 1)
    assert file
    person.ledger.settle_evidence(file, size=9, sha256="0" * 64)
    [listed] = operator("GET", path).json["evidence"]
    assert (listed["number"], listed["status"], listed["size"]) == (1, "received", 9)
    for body in ({}, {"reason": "curious"}, {"reason": "review", "x": 1}):
        assert operator("POST", f"{path}/1", json_body=body).status == 422
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="evidence", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
    gone = operator("POST", f"{path}/1", json_body={"reason": "review"})
    assert (gone.status, gone.code) == (410, "evidence_gone")
    assert person.ledger.events(person.request_id)[-1].code == "evidence_opened"
