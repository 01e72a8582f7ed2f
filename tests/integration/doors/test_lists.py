"""Lists, the overview and the search of operators: what is due, who is meant, how many there are."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from operator_api import lists
from rights.domain.rights import Channel, Locale, Operation, Right
from rights.domain.status import Status
from rights.ledger import Ledger, NewRequest, Request, Task
from rights.ledger.requests import Change
from rights.status_token import reference
from tests.integration.doors.conftest import EMAIL, PHONE, Door, Person, operator_door
from tests.integration.ledger.test_affiliate_requests import sent
from tests.support.clock import StoppedClock
from tests.support.plans import lay


def filed(ledger: Ledger, right: Right = Right.ACCESS, **more: Any) -> Request:
    facts: dict[str, Any] = {"channel": Channel.WEB, "locale": Locale.KM, "typed": {"phone": PHONE}} | more
    return ledger.open_request(NewRequest(right=right, **facts)).request


def at_work(ledger: Ledger, store: str = "orders", *, fails: bool = True) -> Request:
    request = filed(ledger, proven=True)
    task = Task(request_id=request.id, store=store, kind="postgres", stage=5, operation=Operation.EXPORT)
    lay(ledger, request.id, [task], subjects=[request.id])
    ledger.begin_work(request.id)
    if fails:
        ledger.fail_task(request.id, store, "StoreRefusedError")
        ledger.ask_for_repair(request.id)
    return ledger.get(request.id)


def ids(reply: Any) -> list[str]:
    return [row["request_id"] for row in reply.json["requests"]]


def test_what_is_open_comes_by_date_and_in_pages_that_meet(
    operator: Door, ledger: Ledger, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", 2)
    made = []
    for _ in range(5):
        made.append(filed(ledger).id)
        clock.advance(seconds=86_400)
    opt_out = filed(ledger, Right.MARKETING_OPT_OUT).id
    seen: list[str] = []
    cursor = ""
    while True:
        page = operator("GET", f"/ops/requests{'?cursor=' + cursor if cursor else ''}")
        assert page.json["total"] == 6
        seen += ids(page)
        if not (cursor := page.json["next"]):
            break
    assert seen == [opt_out, *made]
    assert page.json["more"] is False


def test_a_list_is_narrowed_by_status_right_store_and_date(operator: Door, ledger: Ledger) -> None:
    failing, working = at_work(ledger), at_work(ledger, "accounts", fails=False)
    waiting = filed(ledger, Right.DELETION)
    assert ids(operator("GET", "/ops/requests?status=needs_repair,in_progress")) == sorted(
        [failing.id, working.id], key=lambda one: (ledger.get(one).due_at, one)
    )
    assert ids(operator("GET", "/ops/requests?right=deletion")) == [waiting.id]
    assert ids(operator("GET", "/ops/requests?store=orders")) == [failing.id]
    assert ids(operator("GET", "/ops/requests?store=orders&status=in_progress")) == []
    [row] = operator("GET", "/ops/requests?view=failing").json["requests"]
    assert (row["failing"], row["stage"], row["waits_for"]) == (["orders"], {"done": 0, "total": 1}, "operator")
    due = waiting.due_at[:10]
    assert waiting.id in ids(operator("GET", f"/ops/requests?due_before={due}"))
    assert ids(operator("GET", "/ops/requests?due_before=2026-11-25")) == []


def test_a_list_is_narrowed_to_what_an_affiliate_handed_in(operator: Door, ledger: Ledger) -> None:
    filed(ledger)
    theirs, ended = sent(ledger), ledger.withdraw(sent(ledger, their_id="another").id)
    sent(ledger, affiliate="other")
    assert ids(operator("GET", "/ops/requests?affiliate=cpes")) == [theirs.id]
    assert ids(operator("GET", "/ops/requests?affiliate=cpes&status=withdrawn")) == [ended.id]
    assert ids(operator("GET", "/ops/requests?affiliate=nobody")) == []
    [row] = csv.DictReader(io.StringIO(operator("GET", "/ops/requests?affiliate=cpes&format=csv").text))
    assert row["affiliate"] == "cpes"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=lost", "status"), ("status=received,completed", "status"), ("right=x", "right"), ("store=x", "store"),
        ("due_before=soon", "due_before"), ("due_before=9999-12-31", "due_before"), ("view=x", "view"),
        ("view=overdue&status=received", "view"), ("cursor=x", "cursor"), ("x=1", "x"), ("affiliate=C%0A", "affiliate"),
    ],
)  # fmt: skip
def test_an_odd_wish_is_told(operator: Door, query: str, field: str) -> None:
    reply = operator("GET", f"/ops/requests?{query}")
    assert (reply.status, list(reply.json["error"]["fields"])) == (422, [field])


def test_what_has_ended_comes_newest_first(operator: Door, ledger: Ledger, clock: StoppedClock) -> None:
    made = []
    for right in (Right.ACCESS, Right.DELETION, Right.ACCESS):
        made.append(ledger.withdraw(filed(ledger, right).id).id)
        clock.advance(seconds=60)
    found = operator("GET", "/ops/requests?status=withdrawn")
    assert ids(found) == made[::-1]
    assert (found.json["total"], found.json["total_is_exact"]) == (3, True)
    assert ids(operator("GET", "/ops/requests?status=withdrawn&right=deletion")) == [made[1]]


def test_a_count_that_was_not_taken_to_the_end_says_so(
    operator: Door, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "LOOKED_AT", 2)
    for _ in range(3):
        filed(ledger)
    found = operator("GET", "/ops/requests?right=access").json
    assert (found["total"], found["total_is_exact"]) == (2, False)


def test_the_overview_counts_what_needs_somebody(
    operator: Door, ledger: Ledger, clock: StoppedClock, person: Person
) -> None:
    late = filed(ledger, Right.MARKETING_OPT_OUT)
    clock.advance(seconds=timedelta(days=4).total_seconds())
    failing = at_work(ledger)
    person.asks(right="deletion").proves()
    lay(ledger, person.request_id, review="unusual_size", subjects=["another"])
    told = operator("GET", "/ops/overview").json
    assert told["counts"] == {
        "overdue": 1, "due_soon": 0, "needs_decision": 1, "failing": 1, "stuck": 1, "attention": 0,
    }  # fmt: skip
    assert told["open_total"] == sum(told["open"].values()) == 3
    assert told["oldest"]["request_id"] == told["soonest"][0]["request_id"] == late.id
    assert told["oldest_decision"]["request_id"] == person.request_id
    assert ids(operator("GET", "/ops/requests?view=overdue")) == [late.id]
    assert ids(operator("GET", "/ops/requests?view=needs_decision")) == [person.request_id]
    assert failing.id not in ids(operator("GET", "/ops/requests?view=stuck"))


def test_what_has_not_moved_for_a_day_is_stuck_unless_a_partner_is_waited_for(
    operator: Door, ledger: Ledger, clock: StoppedClock
) -> None:
    stuck = at_work(ledger, fails=False)
    clock.advance(seconds=timedelta(hours=23).total_seconds())
    assert ids(operator("GET", "/ops/requests?view=stuck")) == []
    clock.advance(seconds=timedelta(hours=1, minutes=1).total_seconds())
    assert ids(operator("GET", "/ops/requests?view=stuck")) == [stuck.id]


def test_a_list_as_a_table_has_no_formulas_and_no_personal_data(operator: Door, ledger: Ledger) -> None:
    request = filed(ledger)
    reply = operator("GET", "/ops/requests?format=csv", html=True)
    assert reply.header("Content-Type").startswith("text/csv")
    assert reply.header("Content-Disposition") == 'attachment; filename="requests.csv"'
    [row] = csv.DictReader(io.StringIO(reply.text))
    assert row["request_id"] == request.id
    assert PHONE not in reply.text


# ---- weeks


def test_weeks_count_what_was_closed_once_before_and_after_the_daily_run(
    operator: Door, ledger: Ledger, clock: StoppedClock
) -> None:
    request = filed(ledger)
    clock.advance(seconds=timedelta(days=3).total_seconds())
    ledger.withdraw(request.id)
    late = filed(ledger, received_at=clock() - timedelta(days=50))
    ledger.withdraw(late.id)
    told = operator("GET", "/ops/weeks?weeks=2").json["weeks"][-1]
    assert (told["closed"], told["late"], told["by_outcome"]) == (2, 1, {"withdrawn": 2})
    assert (told["median_days"], told["p90_days"]) == (3, 50)
    for _ in range(2):
        for one in (request.id, late.id):
            ending = ledger.ending(one)
            assert ending is not None
            ledger.count_closed(ending, ledger.get(one))
    assert operator("GET", "/ops/weeks?weeks=2").json["weeks"][-1] == told
    clock.advance(seconds=timedelta(days=7).total_seconds())
    before, now = operator("GET", "/ops/weeks?weeks=2").json["weeks"]
    assert (before["closed"], now["closed"], now["median_days"]) == (2, 0, None)


@pytest.mark.parametrize("weeks", ["0", "54", "x", "-1"])
def test_odd_weeks_are_refused(operator: Door, weeks: str) -> None:
    assert operator("GET", f"/ops/weeks?weeks={weeks}").status == 422


# ---- the search


def search(door: Door, **body: str) -> Any:
    return door("POST", "/ops/search", json_body=body)


def test_a_person_is_found_by_what_was_typed_proven_or_not(
    operator: Door, ledger: Ledger, clock: StoppedClock, person: Person
) -> None:
    both = {"phone": PHONE, "email": EMAIL}
    person.asks(identifiers=both, on_file=both).call("POST", "/code", json_body={"code": "123456"})
    person.proves()
    stranger = filed(ledger)
    other = filed(ledger, typed={"phone": "+85512000009"})
    viewer = operator_door(ledger, clock, "vera", "viewer")
    found = search(viewer, phone="012 345 678")
    rows = {row["request_id"]: row for row in found.json["requests"]}
    assert set(rows) == {person.request_id, stranger.id}
    assert (rows[person.request_id]["proven"], rows[stranger.id]["proven"]) == (True, False)
    assert ids(search(operator, email="DARA@example.com")) == [person.request_id]
    assert other.id not in rows
    assert PHONE not in found.text
    acts = [item for item in ledger.table.query_items(f"ACTS#{clock().year}", "") if item["what"] == "search"]
    assert next((act["by"], act["detail"]) for act in acts) == ("vera", {"by": "phone", "found": 2})


def test_the_account_that_a_proven_request_led_to_leads_to_its_others(operator: Door, ledger: Ledger) -> None:
    by_phone, by_mail = filed(ledger, proven=True), filed(ledger, typed={"email": EMAIL}, proven=True)
    lay(ledger, by_phone.id, subjects=["account"])
    lay(ledger, by_mail.id, subjects=["account"], lock="another")
    found = search(operator, phone=PHONE).json["requests"]
    assert {(row["request_id"], row["how"]) for row in found} == {(by_phone.id, "typed"), (by_mail.id, "subject")}


def test_all_rights_of_a_case_are_found_by_what_was_typed_once(operator: Door, ledger: Ledger) -> None:
    first = filed(ledger, also=(Right.DELETION,))
    assert set(ids(search(operator, phone=PHONE))) == set(first.case_requests)


def test_a_request_is_found_by_the_name_people_tell_and_by_its_id(operator: Door, ledger: Ledger) -> None:
    request = filed(ledger)
    told = reference(request.id)
    for name in (told, told.lower(), told.replace("-", " "), f" {told} "):
        assert ids(search(operator, reference=name)) == [request.id]
    assert ids(search(operator, request_id=request.id.lower())) == [request.id]
    assert ids(search(operator, reference="K7QM-2F4D")) == []
    assert ids(search(operator, reference="nothing")) == []


@pytest.mark.parametrize(
    "body", [{}, {"phone": PHONE, "email": EMAIL}, {"phone": "nobody"}, {"email": "x"}, {"x": "y"}, {"phone": ["x"]}]
)
def test_a_search_for_nothing_in_particular_is_told(operator: Door, body: dict[str, Any]) -> None:
    assert operator("POST", "/ops/search", json_body=body).status == 422


# ---- one request


def test_a_store_is_tried_again_alone_and_the_others_stay_as_they_are(operator: Door, ledger: Ledger) -> None:
    request = filed(ledger, proven=True)
    stores = ("accounts", "orders")
    tasks = [
        Task(request_id=request.id, store=store, kind="dynamodb", stage=5, operation=Operation.EXPORT)
        for store in stores
    ]
    lay(ledger, request.id, tasks, subjects=["x"])
    ledger.begin_work(request.id)
    for store in stores:
        ledger.fail_task(request.id, store, "StoreRefusedError")
    ledger.ask_for_repair(request.id)
    path = f"/ops/requests/{request.id}/stores"
    assert operator("POST", f"{path}/nothing/retry").status == 404
    reply = operator("POST", f"{path}/orders/retry")
    assert reply.status == 202
    assert ledger.events(request.id)[-1].detail == {"store": "orders"}
    ledger.begin_work(request.id)
    ledger.begin_work(request.id)
    assert {task.store: task.status.value for task in ledger.tasks(request.id)} == {
        "accounts": "failed",
        "orders": "pending",
    }
    ledger.ask_for_repair(request.id)
    ledger.begin_work(request.id)
    assert {task.status.value for task in ledger.tasks(request.id)} == {"pending"}


def test_a_request_is_cancelled_for_a_reason_and_its_person_is_told(operator: Door, person: Person) -> None:
    person.asks().proves()
    path = f"/ops/requests/{person.request_id}/cancel"
    assert operator("POST", path, json_body={}).status == 422
    assert operator("POST", path, json_body={"reason": "=1+1"}).status == 422
    assert operator("POST", path, json_body={"reason": "asked_by_person"}).json["status"] == "withdrawn"
    event = person.ledger.events(person.request_id)[-1]
    assert (event.by, event.detail) == ("op-1", {"reason": "asked_by_person"})
    assert "withdrawn" in {notice.kind for notice in person.ledger.notices(person.request_id)}


def test_a_decision_on_what_has_changed_is_refused_with_who_did_what(operator: Door, person: Person) -> None:
    person.asks().proves()
    seen = person.ledger.get(person.request_id).version
    path = f"/ops/requests/{person.request_id}"
    assert operator("POST", f"{path}/pause", json_body={"version": seen}).status == 200
    reply = operator("POST", f"{path}/resume", json_body={"version": seen})
    assert (reply.status, reply.code) == (409, "changed_meanwhile")
    [change] = reply.json["error"]["fields"]["version"]["changes"]
    assert (change["code"], change["by"]) == ("clock_stopped", "op-1")
    odds: list[Any] = ["x", "²", "٣", "9" * 5000, "", -1, 10**9, True, []]
    for odd in odds:
        assert operator("POST", f"{path}/resume", json_body={"version": odd}).code == "wrong_type"
    assert operator("POST", f"{path}/resume", json_body={"version": str(seen + 1)}).status == 200


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("decision", {"decision": "approve", "plan": "hash"}),
        ("decision", {"decision": "refuse", "ground": 11}),
        ("decision", {"decision": "ask", "text": "Which?"}),
        *(("extend", {"reason": "complexity"}), ("pause", {}), ("resume", {}), ("seen", {}), ("retry", {})),
        *(
            ("cancel", {"reason": "mistake"}),
            ("new-link", {"reason": "misuse"}),
            ("reveal", {"what": "message", "reason": "review"}),
        ),
    ],
)
def test_what_changes_between_the_look_at_the_version_and_the_write_is_not_passed_over(
    operator: Door, person: Person, monkeypatch: pytest.MonkeyPatch, act: str, body: dict[str, Any]
) -> None:
    ledger = person.asks().proves().ledger
    lay(ledger, person.request_id, review="unusual_size")
    seen, really = ledger.get(person.request_id).version, ledger.seen_at

    def faster(request_id: str, version: int) -> Any:
        ledger.note(request_id, "evidence_received")
        return really(request_id, version)

    monkeypatch.setattr(ledger, "seen_at", faster)
    reply = operator("POST", f"/ops/requests/{person.request_id}/{act}", json_body=body | {"version": seen})
    assert (reply.status, reply.code) == (409, "changed_meanwhile")
    [change] = reply.json["error"]["fields"]["version"]["changes"]
    assert change["code"] == "evidence_received"
    assert ledger.events(person.request_id)[-1].code == "evidence_received", "nothing was written"


def test_what_one_may_do_is_told_with_the_request(
    operator: Door, ledger: Ledger, clock: StoppedClock, person: Person
) -> None:
    path = f"/ops/requests/{person.asks().proves().request_id}"
    may = operator("GET", path).json["may"]
    assert (may["pause"], may["cancel"], may["decision"], may["retry"]) == (True, True, "too_late", "too_late")
    assert may["extend"] == "rule_has_no_extension"
    viewer = operator_door(ledger, clock, "vera", "viewer")
    assert set(viewer("GET", path).json["may"].values()) == {"forbidden"}
    own = operator_door(ledger, clock, "op-1", "operator", phone_number=PHONE)
    assert set(own("GET", path).json["may"].values()) == {"own_request"}


def test_the_way_through_the_machine_is_read_off_the_history(operator: Door, person: Person, ledger: Ledger) -> None:
    path = f"/ops/requests/{person.asks().request_id}"
    told = operator("GET", f"{path}/run").json
    looks = {place["name"]: place["look"] for place in told["places"]}
    assert told["here"] == "VerifyIdentity"
    assert (looks["VerifyIdentity"], looks["PlanRequest"]) == ("waiting", "ahead")
    person.proves().is_answered()
    told = operator("GET", f"{path}/run").json
    assert told["here"] is None
    assert {place["name"] for place in told["places"] if place["look"] == "done"} == {
        "VerifyIdentity", "PlanRequest", "BeginWork", "FulfilStores", "Assemble", "Notify", "Close",
    }  # fmt: skip
    assert {place["look"] for place in told["places"]} == {"done", "skipped"}
    assert ["FulfilStores", "Assemble"] in told["taken"]
    assert next(place for place in told["places"] if place["name"] == "FulfilStores")["total"] == 1
    failing = at_work(ledger)
    told = operator("GET", f"/ops/requests/{failing.id}/run").json
    places = {place["name"]: place for place in told["places"]}
    assert told["here"] == "Repair"
    assert (places["Repair"]["look"], places["Repair"]["waits_for"]) == ("needs_person", "operator")
    assert places["FulfilStores"]["times"] == 1


def test_notices_show_enough_of_a_contact_to_tell_two_apart(operator: Door, person: Person) -> None:
    person.asks(identifiers={"phone": PHONE, "email": EMAIL}, on_file={"phone": PHONE, "email": EMAIL})
    found = operator("GET", f"/ops/requests/{person.request_id}/notices")
    assert {notice["contact"] for notice in found.json["notices"]} == {"+855 ** *** *78", "d***@e***.com"}
    assert PHONE not in found.text
    person.ledger.drop_sealed(person.request_id)
    assert {n["contact"] for n in operator("GET", f"/ops/requests/{person.request_id}/notices").json["notices"]} == {
        None
    }


def test_everything_goes_with_the_proof(ledger: Ledger) -> None:
    request = ledger.withdraw(filed(ledger, typed={"phone": PHONE, "email": EMAIL}).id)
    tag = ledger.hmac.tag_of("subject", "email", EMAIL)
    assert ledger.requests_typed_with(tag, most=5) == [request.id]
    ledger.end_proof(request, 2026)
    assert ledger.requests_typed_with(tag, most=5) == []
    assert ledger.requests_called(reference(request.id)) == []


def test_rules_are_told_as_they_are_written_down(operator: Door) -> None:
    told = operator("GET", "/ops/rules").json
    access = next(rule for rule in told["clock_rules"] if rule["ref"].startswith("ttm-policy-2024/access"))
    assert access["respond"] == "30 calendar_days"
    assert [ground["number"] for ground in told["grounds"]] == list(range(1, 12))


def test_an_open_request_that_moved_on_while_it_was_listed_is_left_out(
    operator: Door, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = filed(ledger)
    ledger.change(request.id, lambda _: Change(code="withdrawn", to=Status.WITHDRAWN))
    monkeypatch.setattr(ledger, "open_by_date", lambda: [(request.due_at, request.id)])
    assert ids(operator("GET", "/ops/requests")) == []
