"""What operators look at in the ledger: many requests at once, sessions, weeks, and the way back to a request."""

from datetime import timedelta
from typing import Any

from rights.domain.rights import Channel, Locale, Operation, Right
from rights.domain.status import Status
from rights.ledger import Ledger, NewRequest, Request, Task
from rights.ledger.sessions import IDLE, LONGEST
from rights.ledger.weeks import monday_of
from rights.status_token import reference
from tests.support.clock import StoppedClock
from tests.support.plans import lay

PHONE, EMAIL = "+85512345678", "dara@example.com"
WHO: dict[str, Any] = {"by": "op-1", "name": "sophea", "groups": {"operator", "viewer"}, "known_as": {"a" * 64}}


def filed(ledger: Ledger, right: Right = Right.ACCESS, **more: Any) -> Request:
    facts: dict[str, Any] = {"channel": Channel.WEB, "locale": Locale.KM, "typed": {"phone": PHONE}} | more
    return ledger.open_request(NewRequest(right=right, **facts)).request


def test_more_than_a_call_reads_come_in_the_order_that_was_asked_for(ledger: Ledger) -> None:
    ids = [filed(ledger).id for _ in range(105)]
    wanted = [*ids[::-1], "A" * 26, ids[0]]
    assert [request.id for request in ledger.requests_at(wanted[:106])] == ids[::-1]
    assert ledger.requests_at([]) == []
    assert ledger.count_by_status(Status.RECEIVED) == 105
    assert ledger.count_by_status(Status.COMPLETED) == 0


def test_what_is_open_is_sorted_by_its_date_over_all_shards(ledger: Ledger) -> None:
    made = [filed(ledger, right) for right in (Right.ACCESS, Right.COMPLAINT, Right.MARKETING_OPT_OUT, Right.DELETION)]
    ended = ledger.withdraw(filed(ledger).id)
    dated = ledger.open_by_date()
    assert dated == sorted((request.due_at, request.id) for request in made)
    assert ended.id not in {request_id for _, request_id in dated}


def test_the_newest_of_a_status_come_first_and_go_on_from_a_moment(ledger: Ledger, clock: StoppedClock) -> None:
    made = []
    for _ in range(3):
        made.append(filed(ledger))
        clock.advance(seconds=1)
    assert [one for _, one in ledger.newest_of(Status.RECEIVED)] == [request.id for request in made[::-1]]
    until = made[1].received_at
    assert [one for _, one in ledger.newest_of(Status.RECEIVED, until)] == [made[1].id, made[0].id]
    assert ledger.oldest_of(Status.RECEIVED, 2) == [made[0].id, made[1].id]


def test_one_stores_task_is_read_of_many_requests(ledger: Ledger) -> None:
    request, other = filed(ledger, proven=True), filed(ledger)
    lay(
        ledger, request.id, [Task(request_id=request.id, store="orders", kind="x", stage=5, operation=Operation.EXPORT)]
    )
    found = ledger.tasks_at("orders", [request.id, other.id])
    assert set(found) == {request.id}
    assert ledger.last_events([ledger.get(request.id)])[request.id].code == "planned"


def test_a_request_is_found_by_what_was_typed_and_by_its_name_until_its_proof_ends(ledger: Ledger) -> None:
    first = filed(ledger, typed={"phone": PHONE, "email": EMAIL}, also=(Right.DELETION,))
    tags = [ledger.hmac.tag_of("subject", *one) for one in (("phone", PHONE), ("email", EMAIL))]
    assert [ledger.requests_typed_with(tag, most=5) for tag in tags] == [[first.id]] * 2
    for one in first.case_requests:
        assert ledger.requests_called(reference(one)) == [one]
    ledger.end_proof(ledger.withdraw(first.id), 2026)
    assert [ledger.requests_typed_with(tag, most=5) for tag in tags] == [[], []]
    assert ledger.requests_called(reference(first.id)) == []


def test_a_session_lives_while_it_is_used_and_no_longer_than_a_working_day(ledger: Ledger, clock: StoppedClock) -> None:
    opened = ledger.open_session("secret", **WHO)
    assert ledger.session_of("secret") == opened
    assert ledger.session_of("another") is None
    clock.advance(seconds=(IDLE - timedelta(seconds=5)).total_seconds())
    used = ledger.session_of("secret")
    assert used is not None
    assert (used.groups, used.known_as) == (frozenset(WHO["groups"]), frozenset(WHO["known_as"]))
    assert used.idle_until > opened.idle_until
    clock.advance(seconds=IDLE.total_seconds() + 1)
    assert ledger.session_of("secret") is None
    ledger.open_session("other", **WHO)
    ledger.end_session("other")
    ledger.end_session("never")
    assert (ledger.session_of("other"), ledger.session_of("never")) == (None, None)
    assert ledger.operator_names() == {"op-1": "sophea"}


def test_looking_whether_a_session_lives_does_not_keep_it_awake(ledger: Ledger, clock: StoppedClock) -> None:
    opened = ledger.open_session("secret", **WHO)
    clock.advance(minutes=20)
    assert ledger.session_of("secret", in_use=False) == opened
    clock.advance(minutes=10)
    assert ledger.session_of("secret", in_use=False) is None


def test_no_use_makes_a_session_longer_than_it_may_be(ledger: Ledger, clock: StoppedClock) -> None:
    ledger.open_session("secret", **WHO)
    for _ in range(int(LONGEST / timedelta(minutes=20)) - 1):
        clock.advance(minutes=20)
        assert ledger.session_of("secret")
    clock.advance(minutes=21)
    assert ledger.session_of("secret") is None


def test_a_closed_request_is_counted_once_and_before_it_is_counted_it_is_there_too(
    ledger: Ledger, clock: StoppedClock
) -> None:
    request = ledger.withdraw(filed(ledger, received_at=clock() - timedelta(days=4)).id)
    monday = monday_of(clock())
    [seen] = ledger.closed_since(monday)
    assert (seen.requests, seen.days, seen.outcome) == (1, {4: 1}, "withdrawn")
    ending = ledger.ending(request.id)
    assert ending is not None
    for _ in range(2):
        ledger.count_closed(ending, request)
    assert ledger.closed_since(monday) == [seen]
    assert ledger.closed_since(monday + timedelta(days=7)) == []


def test_a_snapshot_is_made_by_one_at_a_time(ledger: Ledger, clock: StoppedClock) -> None:
    assert ledger.last_snapshot("stores") is None
    assert ledger.may_make_snapshot("stores")
    assert not ledger.may_make_snapshot("stores")
    as_of = ledger.keep_snapshot("stores", {"x": [1]})
    assert ledger.last_snapshot("stores") == (as_of, {"x": [1]})
    clock.advance(seconds=31)
    assert ledger.may_make_snapshot("stores")


def test_a_list_of_people_tells_who_is_on_it_without_being_opened(ledger: Ledger) -> None:
    bulk = ledger.open_bulk("a key of its own", Locale.KM, by="op-1")
    ledger.put_people(bulk.id, 0, [("phone", PHONE), ("account_id", "acc-1")], by="op-1")
    ledger.put_people(bulk.id, 1, [("account_id", "acc-2")], by="op-1")
    ledger.put_people(bulk.id, 2, [("email", EMAIL)], by="op-1")
    known = [ledger.hmac.tag_of("subject", *one) for one in (("phone", PHONE), ("email", EMAIL), ("phone", "+85510"))]
    assert [ledger.is_on_list(bulk.id, [tag]) for tag in known] == [True, True, False]
    assert not ledger.is_on_list(bulk.id, [])
