"""Our own records of a closed request end one after the other, each once, on moto and on MiniStack alike."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from rights.domain.rights import Operation, Right
from rights.domain.status import Status
from rights.ledger import Ledger, Task
from rights.ledger.requests import Change
from rights.record_endings import EndingSettings, RecordEndings
from tests.integration.ledger.test_requests import new
from tests.support.clock import StoppedClock

MARKER = "qwortzel"
SUBJECT = "pseudonym"


class Shelf:
    """The two buckets, and the daily run over them."""

    def __init__(self, s3: Any, ledger: Ledger) -> None:
        self.s3 = s3
        self.packages, self.evidence = (f"{name}-{uuid4().hex[:8]}" for name in ("packages", "evidence"))
        for bucket in (self.packages, self.evidence):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
        self.ledger = ledger

    def put(self, bucket: str, key: str) -> None:
        self.s3.put_object(Bucket=bucket, Key=key, Body=b"x")

    def keys(self, bucket: str) -> list[str]:
        found = self.s3.list_object_versions(Bucket=bucket)
        return sorted({v["Key"] for kind in ("Versions", "DeleteMarkers") for v in found.get(kind, ())})

    def run(self, s3: Any = None, time_is_up: Callable[[], bool] = lambda: False, **days: int) -> dict[str, int]:
        terms = {"package_days": 14, "sealed_days": 90, "evidence_days": 180, "proof_days": 1826} | days
        settings = EndingSettings(package_bucket=self.packages, evidence_bucket=self.evidence, **terms)
        return RecordEndings(self.ledger, s3 or self.s3, settings).run(time_is_up)


@pytest.fixture
def shelf(cloud: Any, ledger: Ledger) -> Shelf:
    return Shelf(cloud("s3"), ledger)


def closed(ledger: Ledger, shelf: Shelf, right: Right = Right.ACCESS, to: Status = Status.COMPLETED) -> str:
    """A closed request with something of every kind: sealed parts, tokens, a package, evidence, a certificate."""
    request_id = ledger.open_request(new(right=right, message=MARKER)).request.id

    def move(status: Status, **sets: Any) -> None:
        ledger.change(request_id, lambda _: Change(code="moved", to=status, sets=sets))

    move(Status.VERIFIED, subject=SUBJECT, known_as=[SUBJECT, "phone"])
    ledger.put_private(request_id, "subject", {"keys": {"account_id": [MARKER]}})
    ledger.open_wait(request_id, "Review", "token", 60)
    task = Task(
        request_id=request_id, store="orders", kind="postgres", stage=1, operation=Operation.ERASE,
        cursor={"after": MARKER}, intent={"key": MARKER},
    )  # fmt: skip
    notice = ledger.notice_part(request_id, "received", "phone")
    ledger.table.transact([*ledger.task_parts([task]), notice])
    move(Status.IN_PROGRESS)
    package = f"packages/{request_id}/package.zip" if right is Right.ACCESS else None
    certificate = f"certificates/{request_id}.jws"
    for bucket, key in (
        (shelf.packages, package),
        (shelf.packages, f"exports/{request_id}/orders/orders/000000.jsonl"),
        (shelf.evidence, f"evidence/{request_id}/1-abc"),
        (shelf.evidence, certificate),
    ):
        if key:
            shelf.put(bucket, key)
    move(to, package=package, certificate=certificate, outcome=str(to))
    return request_id


def items(ledger: Ledger) -> list[dict[str, Any]]:
    return list(ledger.table._client.scan(TableName=ledger.table.name)["Items"])


def counted(ledger: Ledger) -> dict[str, int]:
    return {item["SK"]: item["requests"] for item in ledger.table.query_all("COUNTED#2026")}


def sorts(ledger: Ledger, request_id: str) -> set[str]:
    return {item["SK"].split("#")[0] for item in ledger.table.query_all(f"REQUEST#{request_id}")}


def codes(ledger: Ledger, request_id: str) -> list[str]:
    return [event.code for event in ledger.events(request_id)]


def test_nothing_ends_before_its_day(ledger: Ledger, shelf: Shelf, clock: StoppedClock) -> None:
    request_id = closed(ledger, shelf)
    before = ledger.get(request_id)
    assert shelf.run() == {"ended": 0, "overdue": 0}
    clock.advance(days=13, hours=23)
    assert shelf.run() == {"ended": 0, "overdue": 0}
    assert ledger.get(request_id) == before
    assert len(shelf.keys(shelf.packages)) == 2


def test_an_open_request_has_no_end(ledger: Ledger, shelf: Shelf, clock: StoppedClock) -> None:
    request_id = ledger.open_request(new()).request.id
    clock.advance(days=4000)
    assert shelf.run() == {"ended": 0, "overdue": 0}
    assert ledger.private(request_id, "typed")


def test_after_fourteen_days_the_package_is_gone_and_the_request_says_since_when(
    ledger: Ledger, shelf: Shelf, clock: StoppedClock
) -> None:
    request_id, other = closed(ledger, shelf), "packages/SOMEBODYELSE/package.zip"
    shelf.put(shelf.packages, other)
    shelf.run()
    clock.advance(days=14)
    assert shelf.run() == {"ended": 1, "overdue": 0}
    assert shelf.keys(shelf.packages) == [other]
    state = ledger.table.get({"PK": f"REQUEST#{request_id}", "SK": "STATE"}) or {}
    assert state["package_ended_at"] > state["closed_at"]
    assert codes(ledger, request_id)[-1] == "package_ended"
    assert ledger.private(request_id, "subject")
    assert len(shelf.keys(shelf.evidence)) == 2


def test_of_a_request_without_a_package_nothing_is_told_when_its_day_comes(
    ledger: Ledger, shelf: Shelf, clock: StoppedClock
) -> None:
    request_id = closed(ledger, shelf, Right.DELETION)
    clock.advance(days=14)
    assert shelf.run() == {"ended": 1, "overdue": 0}
    assert shelf.keys(shelf.packages) == []
    assert "package_ended" not in codes(ledger, request_id)


def test_after_ninety_days_nothing_sealed_is_left_and_the_history_still_holds(
    ledger: Ledger, shelf: Shelf, clock: StoppedClock
) -> None:
    request_id = closed(ledger, shelf)
    clock.advance(days=90)
    assert shelf.run() == {"ended": 2, "overdue": 0}
    assert not sorts(ledger, request_id) & {"PRIVATE", "CODES"}
    assert sorts(ledger, request_id) == {"STATE", "END", "EVENT", "WAIT", "TASK", "NOTICE"}
    assert not [name for item in items(ledger) for name in item if "sealed" in name]
    assert codes(ledger, request_id)[-2:] == ["package_ended", "sealed_data_ended"]
    assert ledger.verify_chain(request_id)
    assert ledger.task(request_id, "orders").cursor is None


def test_evidence_ends_after_its_own_term_and_leaves_the_certificate(
    ledger: Ledger, shelf: Shelf, clock: StoppedClock
) -> None:
    request_id = closed(ledger, shelf)
    clock.advance(days=180)
    assert shelf.run() == {"ended": 3, "overdue": 0}
    assert shelf.keys(shelf.evidence) == [f"certificates/{request_id}.jws"]


def test_after_five_years_no_item_of_the_request_is_left_and_it_is_counted(
    ledger: Ledger, shelf: Shelf, clock: StoppedClock
) -> None:
    request_id = closed(ledger, shelf)
    for days in (14, 76, 90, 1646):
        clock.advance(days=days)
        assert shelf.run()["overdue"] == 0
    assert request_id not in str(items(ledger))
    assert shelf.keys(shelf.packages) == shelf.keys(shelf.evidence) == []
    assert counted(ledger) == {"access#completed": 1}


def test_a_run_after_a_long_pause_ends_everything_in_its_order(
    ledger: Ledger, shelf: Shelf, clock: StoppedClock
) -> None:
    closed(ledger, shelf)
    clock.advance(days=3000)
    assert shelf.run() == {"ended": 4, "overdue": 0}
    assert {item["PK"]["S"] for item in items(ledger)} == {"COUNTED#2026", "WEEKS"}, "numbers only"


def test_twice_does_nothing_more_and_the_counter_is_exact(ledger: Ledger, shelf: Shelf, clock: StoppedClock) -> None:
    requests = [closed(ledger, shelf), closed(ledger, shelf, Right.DELETION, Status.COMPLETED_IN_PART)]
    for days in (14, 90, 180, 1826):
        clock.at = clock.at.replace(hour=3) + timedelta(days=days)
        shelf.run()
        told = [codes(ledger, request_id) for request_id in requests] if days < 1826 else []
        assert shelf.run() == {"ended": 0, "overdue": 0}
        assert told == ([codes(ledger, request_id) for request_id in requests] if told else [])
    wanted = {"access#completed": 1, "deletion#completed_in_part": 1}
    assert counted(ledger) == wanted


class Dying:
    """S3 until it has been asked to delete so often."""

    def __init__(self, s3: Any, after: int) -> None:
        self._s3 = s3
        self._left = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def delete_objects(self, **request: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ConnectionError
        return self._s3.delete_objects(**request)


@pytest.mark.parametrize("after", range(4))
def test_whatever_dies_is_taken_up_by_the_next_run_and_told_once(
    ledger: Ledger, shelf: Shelf, clock: StoppedClock, after: int
) -> None:
    request_id = closed(ledger, shelf)
    clock.advance(days=3000)
    assert shelf.run(Dying(shelf.s3, after))["overdue"] == 1
    events = codes(ledger, request_id)
    assert len(events) == len(set(events) - {"moved"}) + 3
    assert shelf.run()["overdue"] == 0
    assert {item["PK"]["S"] for item in items(ledger)} == {"COUNTED#2026", "WEEKS"}, "numbers only"
    assert counted(ledger) == {"access#completed": 1}


def test_one_request_that_cannot_end_holds_up_no_other_and_is_seen(
    ledger: Ledger, shelf: Shelf, clock: StoppedClock
) -> None:
    broken = closed(ledger, shelf)
    clock.advance(days=1)
    fine = closed(ledger, shelf)
    clock.advance(days=100)

    class Refusing(Dying):
        def delete_objects(self, **request: Any) -> Any:
            if any(broken in listed["Key"] for listed in request["Delete"]["Objects"]):
                return {"Errors": [{"Code": "InternalError"}]}
            return self._s3.delete_objects(**request)

    assert shelf.run(Refusing(shelf.s3, 0)) == {"ended": 2, "overdue": 1}
    assert ledger.private(fine, "subject") is None
    assert "package_ended" not in codes(ledger, broken)


def test_a_run_that_is_out_of_time_says_how_much_is_overdue(ledger: Ledger, shelf: Shelf, clock: StoppedClock) -> None:
    closed(ledger, shelf)
    clock.advance(days=14)
    assert shelf.run(time_is_up=lambda: True) == {"ended": 0, "overdue": 1}


def test_a_hold_keeps_evidence_and_proof_until_it_ends_and_nothing_else(
    ledger: Ledger, shelf: Shelf, clock: StoppedClock
) -> None:
    request_id = closed(ledger, shelf)
    ledger.place_hold(["phone"], ground=3, until=date(2027, 9, 30), by="op-1")
    clock.advance(days=200)
    assert shelf.run() == {"ended": 2, "overdue": 0}
    assert len(shelf.keys(shelf.evidence)) == 2
    assert shelf.keys(shelf.packages) == []
    assert ledger.private(request_id, "subject") is None
    assert [e.detail for e in ledger.events(request_id) if e.code == "records_held"] == [{"until": "2027-09-30"}]
    clock.at = clock.at.replace(year=2027, month=9, day=30, hour=16)
    assert shelf.run() == {"ended": 0, "overdue": 0}
    clock.advance(hours=1)
    assert shelf.run() == {"ended": 1, "overdue": 0}
    assert shelf.keys(shelf.evidence) == [f"certificates/{request_id}.jws"]


def test_a_hold_on_the_last_day_keeps_the_proof(ledger: Ledger, shelf: Shelf, clock: StoppedClock) -> None:
    request_id = closed(ledger, shelf)
    clock.advance(days=1825)
    shelf.run()
    ledger.place_hold([SUBJECT], ground=3, until=date(2032, 1, 31), by="op-1")
    clock.advance(days=1)
    assert shelf.run() == {"ended": 0, "overdue": 0}
    assert ledger.verify_chain(request_id)
    clock.advance(days=100)
    assert shelf.run() == {"ended": 1, "overdue": 0}
    assert request_id not in str(items(ledger))


def test_what_is_written_while_the_proof_ends_is_not_left_behind(
    ledger: Ledger, shelf: Shelf, clock: StoppedClock
) -> None:
    request_id = closed(ledger, shelf)
    clock.advance(days=3000)

    class Meddling(Dying):
        """Somebody writes an event just before the certificate goes."""

        def delete_objects(self, **request: Any) -> Any:
            if "certificates" in request["Delete"]["Objects"][0]["Key"]:
                ledger.note(request_id, "retained_erased")
            return self._s3.delete_objects(**request)

    assert shelf.run(Meddling(shelf.s3, 0)) == {"ended": 3, "overdue": 1}
    assert shelf.run() == {"ended": 1, "overdue": 0}
    assert {item["PK"]["S"] for item in items(ledger)} == {"COUNTED#2026", "WEEKS"}, "numbers only"
    assert counted(ledger) == {"access#completed": 1}


def test_terms_that_were_changed_count_from_the_next_end_on(ledger: Ledger, shelf: Shelf, clock: StoppedClock) -> None:
    closed(ledger, shelf)
    shelf.run()
    clock.advance(days=14)
    assert shelf.run(sealed_days=10)["ended"] == 2


def test_neither_open_requests_nor_rows_kept_until_a_date_are_in_the_way(
    ledger: Ledger, shelf: Shelf, clock: StoppedClock
) -> None:
    request_id = closed(ledger, shelf)
    assert list(ledger.ends_due()) == [request_id]
    assert list(ledger.due_on(date(2099, 1, 1))) == []
