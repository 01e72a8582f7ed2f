from dataclasses import replace
from datetime import date
from typing import Any

from rights.domain.rights import Right
from rights.domain.status import Status
from rights.ledger import Ledger, RetainedRows
from tests.integration.ledger.test_steps import planned, verified
from tests.support.plans import lay

TODAY = date(2026, 11, 22)
ROWS: list[dict[str, Any]] = [{"id": "qwortzel-1"}, {"id": "qwortzel-2"}]


def bundle(request_id: str, until: str = "2026-11-21", label: str = "000000.11.law") -> RetainedRows:
    return RetainedRows(
        request_id=request_id, store="orders", collection="orders", label=label, until=until, ground=11,
        reason="law", keys={"account_id": ["qwortzel"]}, rows=ROWS,
    )  # fmt: skip


def due(ledger: Ledger, today: date = TODAY) -> list[dict[str, Any]]:
    return [key for listed in ledger.due_on(today) for key in listed]


def test_what_is_kept_is_due_the_day_after_its_last_day_however_late_somebody_looks(ledger: Ledger) -> None:
    request_id = planned(ledger)
    ledger.retain(request_id, [bundle(request_id, "2026-11-21")])
    ledger.retain(request_id, [bundle(request_id, "2026-11-22")])
    assert due(ledger, date(2026, 11, 21)) == []
    assert [key["PK"].split("#")[1] for key in due(ledger)] == ["2026-11-21"]
    assert len(due(ledger, date(2030, 1, 1))) == 2


def test_dates_come_oldest_first_and_each_alone(ledger: Ledger) -> None:
    request_id = planned(ledger)
    for until, label in (("2026-10-02", "b"), ("2026-10-01", "a"), ("2026-10-02", "c")):
        ledger.retain(request_id, [bundle(request_id, until, label)])
    dates = [[key["PK"].split("#")[1] for key in listed] for listed in ledger.due_on(TODAY)]
    assert dates == [["2026-10-01"], ["2026-10-02", "2026-10-02"]]


def test_the_same_page_written_twice_is_one_bundle_and_comes_back_whole(ledger: Ledger) -> None:
    request_id = verified(ledger)
    lay(ledger, request_id, subjects=["account"], known_as=["account", "phone"])
    ledger.retain(request_id, [bundle(request_id)])
    ledger.retain(request_id, [bundle(request_id)])
    [key] = due(ledger)
    assert ledger.retained_rows(key) == replace(bundle(request_id), known_as=("account", "phone"))
    assert "qwortzel" not in str(ledger.table.get(key))


def test_an_intent_survives_and_lies_sealed(ledger: Ledger) -> None:
    request_id = planned(ledger)
    ledger.retain(request_id, [bundle(request_id)])
    [key] = due(ledger)
    rows = ledger.retained_rows(key)
    assert rows
    ledger.intend(rows, [[ROWS[0], "erase"]])
    assert ledger.retained_rows(key) == replace(rows, intent=[[ROWS[0], "erase"]])
    assert "qwortzel" not in str(ledger.table.get(key))


def test_a_bundle_ends_with_its_event_and_ends_once(ledger: Ledger) -> None:
    request_id = planned(ledger, right=Right.DELETION)
    ledger.begin_work(request_id)
    ledger.close_request(request_id, Status.COMPLETED_IN_PART)
    ledger.retain(request_id, [bundle(request_id)])
    still = replace(bundle(request_id, "2027-01-01"), rows=ROWS[:1])
    for _ in range(2):
        ledger.settle(bundle(request_id), "retained_erased", {"store": "orders", "erased": 1}, [still])
    assert [e.detail for e in ledger.events(request_id) if e.code == "retained_erased"] == [
        {"store": "orders", "erased": 1}
    ]
    assert ledger.get(request_id).status is Status.COMPLETED_IN_PART
    assert ledger.verify_chain(request_id)
    assert due(ledger) == []
    [moved] = due(ledger, date(2027, 1, 2))
    assert (ledger.retained_rows(moved) or bundle("")).rows == ROWS[:1]


def test_a_bundle_outlives_even_the_record_of_its_request(ledger: Ledger) -> None:
    ledger.retain("R0", [bundle("R0")])
    ledger.settle(bundle("R0"), "retained_erased", {}, [])
    assert due(ledger) == []
