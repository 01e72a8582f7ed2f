"""Reviews: what waits for a person's decision, what that person may decide, and what those it concerns are told."""

import re
from functools import partial
from typing import Any

import httpx
import pytest

from local.cloud import Cloud
from local.mall import Person, expected_access, expected_correction, expected_deletion, fingerprint
from tests.workflow.acting import agent, guardian, send
from tests.workflow.asking import Asking, Public, counts_of, expected, grounds_of
from tests.workflow.book import Book
from tests.workflow.conftest import Crowd
from tests.workflow.controls import Operator, settings
from tests.workflow.holdings import changes, holdings
from tests.workflow.package import download
from tests.workflow.waiting import eventually

STOP = re.compile(r"https?://\S+(/stop/\S+)")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
UNKNOWN = "+85512999998"
OK = httpx.codes.OK


def refused(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def why(operator: Operator, asking: Asking) -> str:
    """Why somebody has to look, as the operators are told."""
    eventually(lambda: operator.finds(asking.id, "in_review"), "line in the operators' list")
    return str(operator.get(f"/{asking.id}/plan").json()["review"])


def is_waiting(book: Book, asking: Asking) -> bool:
    """Whether the run has come to wait for a decision."""
    return bool(book.items(asking.id, "WAIT#Review"))


def stop_links(cloud: Cloud, *contacts: str | None) -> list[str]:
    return [link[1] for message in cloud.mailbox.sent_to(*contacts) if (link := STOP.search(message.text))]


# --- a complaint


def test_a_complaint_is_answered_by_an_operator_and_nobody_can_approve_or_refuse_it(
    public: Public, crowd: Crowd, operator: Operator, viewer: Operator, book: Book
) -> None:
    asking = public.ask("complaint", phone=crowd.someone().phone, message="You sent me three parcels too many.").prove()
    asking.until("in_review")
    assert why(operator, asking) == "complaint"
    assert viewer.get(f"/{asking.id}").status_code == OK
    for call in (
        viewer.decide(asking.id, "answer", text="No."),
        viewer.post(f"/{asking.id}/reveal", {"what": "message", "reason": "complaint"}),
    ):
        assert refused(call) == (403, "forbidden")
    message = operator.post(f"/{asking.id}/reveal", {"what": "message", "reason": "complaint"}).json()
    assert message == {"message": "You sent me three parcels too many."}
    assert operator.decide(asking.id, "approve").status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert operator.decide(asking.id, "refuse", ground=11).status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "answer" not in asking.look()

    assert operator.decide(asking.id, "answer", text="We have picked them up. Sorry.").status_code == OK
    shown = asking.until("completed")
    assert shown["answer"]["text"] == "We have picked them up. Sorry."
    assert shown["stores"] == []
    eventually(lambda: [m for m in asking.new_messages() if "answered" in m.text], "word of the answer")
    assert {"revealed", "approved", "closed"} <= set(book.codes(asking.id))
    assert book.chain_holds(asking.id)


# --- acting for others


def test_a_guardian_gets_a_childs_data_after_evidence_a_question_two_operators_and_the_time_to_object(
    cloud: Cloud, public: Public, operator: Operator, approver: Operator, book: Book
) -> None:
    child = cloud.mall.special("child")
    everybody = fingerprint(cloud.stores, cloud.mall)
    asking = public.ask("access", phone=child.phone, requester=guardian(email="sok.dara@example.org")).prove()
    shown = asking.until("in_review")
    assert why(operator, asking) == "guardian"
    assert (shown["stores"], shown["next"]) == ([], ["evidence", "withdraw"])
    # Every contact of the child's account is told at once, with a link that stops it.
    eventually(lambda: len(stop_links(cloud, child.phone, child.email)) == 2, "warning to both contacts")

    needed = asking.call("GET", "/evidence").json()["needed"]
    assert needed == ["identity_document", "relation_document"]
    assert refused(operator.decide(asking.id, "approve")) == (409, "evidence_missing")
    assert send(asking, "identity_document")["status"] == "received"
    assert send(asking, "relation_document", b"<html>not a scan</html>")["why"] == "wrong_type"
    assert operator.get(f"/{asking.id}/plan").json()["evidence_missing"] == ["relation_document"]

    ask_and_answer(operator, asking, book)
    assert send(asking, "relation_document", b"%PDF-1.4 family book")["status"] == "received"
    opened = operator.post(f"/{asking.id}/evidence/3", {"reason": "review"}).json()
    assert httpx.get(opened["url"]).content == b"%PDF-1.4 family book"

    assert operator.decide(asking.id, "approve").status_code == OK
    assert book.status(asking.id) == "in_review"
    assert refused(operator.decide(asking.id, "approve")) == (409, "second_operator_needed")
    assert approver.decide(asking.id, "approve").status_code == OK
    shown = asking.until_told("completed")
    assert counts_of(shown["stores"]) == expected(expected_access(cloud.mall, child))
    codes = book.codes(asking.id)
    steps = ["evidence_received", "question_asked", "question_answered", "approved_by_one", "approved"]
    steps += ["cooling_off_begun", "work_begun", "package_ready", "closed"]
    assert [code for code in dict.fromkeys(codes) if code in steps] == steps
    # The code of the download comes to whoever asked, at their own contact.
    # The number for the child's deliveries is the parent's.
    assert download(asking).strangers(cloud.mall, child) == [cloud.mall.special("parent").phone]
    assert asking.contacts == {"email": "sok.dara@example.org"}
    assert fingerprint(cloud.stores, cloud.mall) == everybody
    assert book.chain_holds(asking.id)


def ask_and_answer(operator: Operator, asking: Asking, book: Book) -> None:
    """A question goes to who asked, the clock stands still as its rule says, and the answer comes back."""
    due = asking.look()["due_at"]
    assert operator.decide(asking.id, "ask", text="Who else looks after the child?").status_code == OK
    shown = asking.until("question")
    assert shown["question"]["text"] == "Who else looks after the child?"
    assert shown["question_until"] > shown["received_at"]
    assert "answers" in shown["next"]
    assert operator.get(f"/{asking.id}/clock").json()["stands_still"] in {None, "paused_for_clarification"}
    eventually(lambda: [m for m in asking.new_messages() if "question" in m.subject], "question by mail")
    assert refused(operator.decide(asking.id, "approve")) == (409, "too_late")

    assert asking.call("POST", "/answers", json={"message": "Her grandmother."}).status_code == OK
    assert asking.look()["status"] == "in_review"
    assert asking.look()["due_at"] >= due
    assert operator.get(f"/{asking.id}/clock").json()["stands_still"] is None
    revealed = operator.post(f"/{asking.id}/reveal", {"what": "answers", "reason": "review"}).json()
    assert [answer["text"] for answer in revealed["answers"]] == ["Her grandmother."]
    assert book.codes(asking.id).count("question_asked") == 1


def test_whoever_acts_for_another_learns_nothing_of_whether_there_is_an_account_and_the_holder_can_object(
    cloud: Cloud, public: Public, crowd: Crowd, operator: Operator, book: Book
) -> None:
    person = crowd.someone("orders")
    known, unknown = (
        public.ask("access", phone=phone, requester=agent(email=email))
        for phone, email in ((person.phone, "rith1@example.org"), (UNKNOWN, "rith2@example.org"))
    )

    def alike(path: str = "", method: str = "GET", body: dict[str, Any] | None = None) -> None:
        one, other = (asking.call(method, path, json=body) for asking in (known, unknown))
        assert one.status_code == other.status_code
        assert neutral(one, known) == neutral(other, unknown)

    for asking in (known, unknown):
        asking.until("identity_needed")
    alike()
    for asking in (known.prove(), unknown.prove()):
        asking.until("in_review")
        eventually(partial(is_waiting, book, asking), "wait for a decision")
        eventually(partial(has_heard, asking, "code", "received"), "receipt")
    alike()
    alike("/evidence")
    for asking in (known, unknown):
        send(asking, "identity_document")
        send(asking, "authorisation")
    alike("/evidence")
    alike("/package")
    for asking in (known, unknown):
        operator.decide(asking.id, "ask", text="Since when?")
        asking.until("question")
        eventually(partial(has_heard, asking, "code", "received", "question"), "question")
    alike()
    alike("/answers", "POST", {"message": "Since May."})
    # The first of two approvals tells nothing either.
    for asking in (known, unknown):
        assert operator.decide(asking.id, "approve").status_code == OK
    alike()
    assert len(known.new_messages()) == len(unknown.new_messages()) == len(("code", "received", "question"))
    assert cloud.mailbox.sent_to(UNKNOWN) == []

    links = eventually(lambda: stop_links(cloud, person.phone, person.email), "warning to the account's holder")
    assert public.http.post(links[0], json={}).json() == {"status": "withdrawn"}
    # An objection looks as a refusal does: that anybody could object would tell of the account.
    assert operator.decide(unknown.id, "refuse").status_code == OK
    assert known.look()["status"] == unknown.look()["status"] == "refused"
    alike()
    for asking in (known, unknown):
        eventually(partial(has_ended, book, asking), "end of the run")
        assert not book.is_at(asking.id, "FulfilStores")


def has_heard(asking: Asking, *kinds: str) -> bool:
    return sorted(notice["kind"] for notice in asking.look()["notices"]) == sorted(kinds)


def has_ended(book: Book, asking: Asking) -> bool:
    return [run["status"] for run in book.runs(asking.id)] == ["SUCCEEDED"]


def neutral(reply: httpx.Response, asking: Asking) -> str:
    text = reply.text.replace(asking.id, "ID").replace(asking.look()["reference"], "REFERENCE")
    return TIME.sub("TIME", text)


# --- holds, and approvals in part


def test_a_hold_stops_a_deletion_that_cools_off_until_it_is_lifted_and_then_some_can_be_kept_on_a_ground(
    cloud: Cloud, public: Public, crowd: Crowd, operator: Operator, book: Book
) -> None:
    person = crowd.someone("tickets", "search_history")
    before = holdings(cloud.stores, person)
    until = f"{cloud.mall.today.year + 1}-01-15"
    with settings(cloud, "PlanRequestFunction", cooling_off_seconds=4):
        asking = public.ask("deletion", phone=person.phone).prove()
        asking.until("cooling_off")
    hold = operator.http.post("/ops/holds", json={"email": person.email, "ground": 3, "until": until})
    assert hold.status_code == httpx.codes.CREATED, hold.text
    asking.until("in_review")
    assert why(operator, asking) == "legal_hold"
    eventually(partial(is_waiting, book, asking), "wait for a decision")
    assert refused(operator.decide(asking.id, "approve")) == (409, "held")
    assert holdings(cloud.stores, person) == before

    assert operator.http.post(f"/ops/holds/{hold.json()['id']}/lift", json={}).json()["lifted_at"]
    kept = [{"store": "support_tickets", "ground": 7, "until": until}]
    assert operator.decide(asking.id, "approve", without=kept).status_code == OK
    shown = asking.until_told("completed_in_part")
    tickets = len(person.rows["tickets"])
    assert grounds_of(shown["stores"])["support_tickets"][0][:2] == (7, until)
    counts, wanted = counts_of(shown["stores"]), expected(expected_deletion(cloud.mall, person))
    assert counts.pop("support_tickets") == wanted.pop("support_tickets") | {"retained": tickets, "erased": 0}
    assert counts == wanted
    after = holdings(cloud.stores, person)
    assert {key for key in before if key[0] == "tickets"} <= after.keys()
    assert ("accounts", person.account_id) not in after
    assert "part" in asking.new_messages()[0].text
    assert book.chain_holds(asking.id)


# --- corrections of what people sign in with


def test_a_new_mail_address_is_proven_and_takes_the_place_of_the_old_one_which_is_told(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    person, new = crowd.someone(), "somaly.keo@example.net"
    before = holdings(cloud.stores, person)
    asking = public.ask("correction", phone=person.phone, email=person.email, changes={"email": new}).prove()
    shown = asking.until("confirm_needed")
    assert shown["confirm"] == "new_contact"
    assert holdings(cloud.stores, person) == before
    assert asking.call("POST", "/confirm", json={"code": read_code(cloud, new)}).status_code == OK
    shown = asking.until_told("completed")
    wanted = [(*copy, new) for store in expected_correction(person, "email").values() for copy in store]
    found = changes(before, holdings(cloud.stores, person))
    assert sorted((c.collection, c.field, c.before, c.after) for c in found) == sorted(wanted)
    eventually(
        lambda: [m for m in cloud.mailbox.sent_to(person.email) if "changed" in m.subject], "word to the old one"
    )
    assert book.chain_holds(asking.id)


def read_code(cloud: Cloud, contact: str) -> str:
    found = eventually(lambda: [re.search(r"\b\d{6}\b", m.text) for m in cloud.mailbox.sent_to(contact)], "code")
    assert found[0]
    return found[0][0]


def test_whoever_has_not_proven_the_old_mail_address_is_looked_at_before_it_is_replaced(
    cloud: Cloud, public: Public, crowd: Crowd, operator: Operator, book: Book
) -> None:
    person, new = crowd.someone(), "not.proven@example.net"
    before = holdings(cloud.stores, person)
    asking = public.ask("correction", phone=person.phone, changes={"email": new}).prove()
    asking.until("confirm_needed")
    assert asking.call("POST", "/confirm", json={"code": read_code(cloud, new)}).status_code == OK
    asking.until("in_review")
    assert why(operator, asking) == "old_contact_not_proven"
    eventually(partial(is_waiting, book, asking), "wait for a decision")
    assert operator.decide(asking.id, "refuse", ground=8).status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert operator.decide(asking.id, "refuse", ground=11).status_code == OK
    assert asking.look()["status"] == "refused"
    eventually(lambda: [m for m in asking.new_messages() if "cannot" in m.text], "word of the refusal")
    assert holdings(cloud.stores, person) == before
    assert book.chain_holds(asking.id)


# --- a contact that is new on file


@pytest.fixture
def moved(cloud: Cloud) -> Person:
    """Somebody whose phone was changed five days ago."""
    return cloud.mall.special("moved")


def test_who_proves_only_one_contact_after_one_was_changed_of_late_is_looked_at_and_who_proves_both_is_not(
    cloud: Cloud, public: Public, operator: Operator, moved: Person, book: Book
) -> None:
    doubtful = public.ask("access", phone=moved.phone).prove()
    doubtful.until("in_review")
    assert why(operator, doubtful) == "new_on_file"
    assert doubtful.call("GET", "/package").json()["ready"] is False

    believed = public.ask("portability", phone=moved.phone, email=moved.email).prove()
    shown = believed.until_told("completed")
    assert counts_of(shown["stores"]) == expected(expected_access(cloud.mall, moved))
    assert operator.decide(doubtful.id, "approve").status_code == OK
    shown = doubtful.until_told("completed")
    assert counts_of(shown["stores"]) == expected(expected_access(cloud.mall, moved))
    assert "review_asked" not in book.codes(believed.id)
