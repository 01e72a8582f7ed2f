"""Whatever is lost, spoiled or cut off, every request still finishes, with the same counts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx

from local.cloud import Cloud
from local.journey import GOOD_ENDS
from local.mall import expected_access, expected_deletion, fingerprint
from tests.workflow.asking import TELLS_THE_OUTCOME, Asking, Public, counts_of, expected
from tests.workflow.book import Book
from tests.workflow.conftest import Crowd
from tests.workflow.controls import (
    Operator,
    deaf_relay,
    invoke,
    locked,
    settings,
    somebody_waits,
    stream_event,
    sweep,
)
from tests.workflow.waiting import eventually

POISON = ("REQUEST#POISON", "NOTICE#poison")


def swept_until(cloud: Cloud, book: Book, done: Callable[[], bool], what: str, *, minutes: int = 2) -> None:
    """So many minutes pass and the schedule sweeps, again and again until it is so."""

    def look() -> bool:
        book.a_while_passes(minutes)
        sweep(cloud)
        return done()

    eventually(look, what)


def test_with_every_stream_record_dropped_all_requests_still_finish(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    people = [crowd.someone("orders") for _ in range(2)]
    strangers = fingerprint(cloud.stores, cloud.mall, tuple(people))
    with deaf_relay(cloud):
        asked = [public.ask("deletion", phone=people[0].phone), public.ask("access", email=people[1].email)]
        for asking in asked:
            assert book.runs(asking.id) == []
        swept_until(cloud, book, lambda: all(a.sent_codes() for a in asked), "codes")
        for asking in asked:
            asking.prove()
        swept_until(cloud, book, lambda: all(is_told(a) for a in asked), "answers")
    for asking, person, expectation in zip(asked, people, (expected_deletion, expected_access), strict=True):
        assert counts_of(asking.look()["stores"]) == expected(expectation(cloud.mall, person))
        assert len(asking.sent_codes()) == 1
        assert len(book.runs(asking.id)) == 1
        assert book.chain_holds(asking.id)
    assert fingerprint(cloud.stores, cloud.mall, tuple(people)) == strangers


def is_told(asking: Asking) -> bool:
    shown = asking.look()
    told = {notice["kind"] for notice in shown.get("notices", ())}
    return shown["status"] in GOOD_ENDS and bool(told & {shown["status"], *TELLS_THE_OUTCOME})


@contextmanager
def poison(cloud: Cloud, book: Book) -> Iterator[None]:
    """An item of the ledger that owes something, and that nobody can make sense of."""
    dynamodb = cloud.client("dynamodb")
    key = {"PK": {"S": POISON[0]}, "SK": {"S": POISON[1]}}
    owed = {"relay_at": {"S": "2026-01-01T00:00:00.000000Z"}, "relay_shard": {"S": "RELAY#0"}}
    dynamodb.put_item(TableName=book.table, Item=key | owed)
    try:
        yield
    finally:
        dynamodb.delete_item(TableName=book.table, Key=key)


def test_a_record_that_nobody_can_relay_neither_blocks_nor_loses_another(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    person = crowd.someone("orders")
    with poison(cloud, book):
        asking = public.ask("access", phone=person.phone)
        # Written again and again while the request goes on, so that it is in its batches too.
        for _ in range(3):
            with poison(cloud, book):
                pass
        asking.prove()
        asking.until_told("completed")
    assert counts_of(asking.look()["stores"]) == expected(expected_access(cloud.mall, person))


def test_of_a_batch_with_a_spoiled_record_only_that_one_is_reported_and_the_rest_is_done(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    with poison(cloud, book):
        with deaf_relay(cloud):
            asking = public.ask("access", phone=crowd.someone().phone)
            event = stream_event([POISON, (f"REQUEST#{asking.id}", "STATE"), POISON])
            reported = invoke(cloud, "RelayFunction", event)["batchItemFailures"]
            spoiled = [event["Records"][place]["dynamodb"]["SequenceNumber"] for place in (0, 2)]
            assert [failure["itemIdentifier"] for failure in reported] == spoiled
            assert len(book.runs(asking.id)) == 1
        # The sweep meets it too, and goes on.
        assert sweep(cloud).keys() >= {"owed"}
    asking.read_code()


def test_a_run_that_is_aborted_in_the_middle_is_taken_up_by_the_next(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    person = crowd.someone("tickets", "orders")
    strangers = fingerprint(cloud.stores, cloud.mall, (person,))
    asking = public.ask("deletion", phone=person.phone)
    with locked(cloud, "tickets"):
        asking.prove()
        eventually(lambda: somebody_waits(cloud, "relation"), "erasure of tickets")
        (run,) = book.runs(asking.id)
        cloud.client("stepfunctions").stop_execution(executionArn=run["executionArn"], cause="a test")
        eventually(lambda: book.status(asking.id) == "needs_repair", "record of the ended run")
    assert asking.look()["status"] == "in_progress"
    assert book.state(asking.id)["ended_run"] == 1

    swept_until(cloud, book, lambda: len(book.runs(asking.id)) == 2, "next run")
    shown = asking.until_told("completed", "completed_in_part")
    assert counts_of(shown["stores"]) == expected(expected_deletion(cloud.mall, person))
    assert [run["status"] for run in book.runs(asking.id)] == ["ABORTED", "SUCCEEDED"]
    assert len(asking.sent_codes()) == 1
    assert book.chain_holds(asking.id)
    assert fingerprint(cloud.stores, cloud.mall, (person,)) == strangers


def test_runs_that_are_aborted_while_somebody_is_waited_for_lose_no_question_no_answer_and_no_wait(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book, operator: Operator
) -> None:
    people = [crowd.someone("orders") for _ in range(2)]
    strangers = fingerprint(cloud.stores, cloud.mall, tuple(people))
    confirming, cooling = (public.ask("account_closure", phone=person.phone).prove() for person in people)
    asked = public.ask("complaint", phone=crowd.someone().phone, message="Too loud.").prove()
    asked.until("in_review")
    assert operator.decide(asked.id, "ask", text="What is?").status_code == httpx.codes.OK
    cooling.until("confirm_needed")
    with settings(cloud, "PlanRequestFunction", cooling_off_seconds=8):
        assert cooling.call("POST", "/confirm", json={"agree": True}).status_code == httpx.codes.OK
        cooling.until("cooling_off")
    waits = {cooling: "cooling_off", confirming: "confirm_needed", asked: "question"}
    for asking, status in waits.items():
        asking.until(status)
        aborted(cloud, book, asking)
        assert asking.look()["status"] == status

    # Both come while no run is there to take them.
    assert confirming.call("POST", "/confirm", json={"agree": True}).status_code == httpx.codes.OK
    assert asked.call("POST", "/answers", json={"message": "The music."}).status_code == httpx.codes.OK
    swept_until(cloud, book, lambda: all(len(book.runs(asking.id)) > 1 for asking in waits), "next runs")
    assert operator.decide(asked.id, "answer", text="We turned it down.").status_code == httpx.codes.OK

    asked.until("completed")
    for asking, person in ((confirming, people[0]), (cooling, people[1])):
        shown = asking.until_told("completed", "completed_in_part")
        assert counts_of(shown["stores"]) == expected(expected_deletion(cloud.mall, person))
    once = ["confirmation_asked", "confirmed", "question_asked", "question_answered", "work_begun", "closed"]
    for asking in waits:
        codes = book.codes(asking.id)
        assert all(codes.count(code) <= 1 for code in once)
        assert (len(asking.sent_codes()), book.chain_holds(asking.id)) == (1, True)
        eventually(partial(went_on, book, asking), "end of the run")
    assert [item["kind"] for item in book.items(cooling.id, "NOTICE#")].count("cooling_off") == 2
    assert fingerprint(cloud.stores, cloud.mall, tuple(people)) == strangers


def aborted(cloud: Cloud, book: Book, asking: Asking) -> None:
    """End the run of a request from outside; the ledger has noticed."""
    run = book.runs(asking.id)[-1]
    cloud.client("stepfunctions").stop_execution(executionArn=run["executionArn"], cause="a test")
    eventually(lambda: book.state(asking.id).get("ended_run") == 1, "record of the ended run")


def went_on(book: Book, asking: Asking) -> bool:
    return [run["status"] for run in book.runs(asking.id)] == ["ABORTED", "SUCCEEDED"]


def test_a_run_that_vanished_without_a_word_is_noticed_by_the_sweep(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    person = crowd.someone("orders")
    asking = public.ask("access", phone=person.phone)
    asking.read_code()
    rules = cloud.client("events")
    (rule,) = [name for name in rule_names(rules) if "ExecutionEnded" in name]
    rules.disable_rule(Name=rule)
    try:
        # Nobody looks for the run of an unproven request before its time to prove is over: an hour, here.
        (run,) = book.runs(asking.id)
        cloud.client("stepfunctions").stop_execution(executionArn=run["executionArn"], cause="a test")
        swept_until(cloud, book, lambda: len(book.runs(asking.id)) == 2, "next run", minutes=62)
    finally:
        rules.enable_rule(Name=rule)
    asking.prove()
    asking.until_told("completed")
    assert counts_of(asking.look()["stores"]) == expected(expected_access(cloud.mall, person))
    assert len(asking.sent_codes()) == 1


def rule_names(rules: Any) -> list[str]:
    return [rule["Name"] for page in rules.get_paginator("list_rules").paginate() for rule in page["Rules"]]
