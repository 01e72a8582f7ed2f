import io

import pytest
from rich.console import Console

from local.journey import Filed
from local.mailbox import Message
from local.mall import Expectation
from local.report import Reporter, differences

EXPECTED = Expectation(found=3, collections={"orders": 3}, erased=1, retained=2)
STORE = {
    "store": "orders",
    "status": "done",
    "found": 3,
    "exported": 0,
    "erased": 1,
    "anonymised": 0,
    "retained": 2,
    "kept": [{"ground": 11, "until": "2036-11-16", "reason": "statutory_records"}],
    "verified_at": "2026-11-22T12:54:50Z",
}
NOTICE = Message("sms", "+85512", "", "done", "2026-11-22T12:54:51Z")


@pytest.fixture
def page() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def reporter(page: io.StringIO) -> Reporter:
    return Reporter(Console(file=page, width=80, highlight=False))


def filed(status: str = "completed", **store: object) -> Filed:
    answer = {"status": status, "due_at": "2026-12-22T16:59:59Z", "stores": [STORE | store], "next": ["certificate"]}
    return Filed("deletion", "+85512", "R1", "R1.tag", "http://127.0.0.1:8000/s/R1.link", status=answer, notice=NOTICE)


def test_the_table_fits_a_narrow_terminal_and_says_why_something_is_kept(reporter: Reporter, page: io.StringIO) -> None:
    reporter.table(filed(), {"orders": EXPECTED})
    text = page.getvalue()
    assert all(name in text for name in ("found", "exported", "erased", "anonymised", "retained", "read back"))
    assert "ground 11 (statutory_records) until 2036-11-16" in text
    assert "12:54:50" in text
    assert "✓" in text


def test_counts_that_differ_from_the_sample_data_are_marked(reporter: Reporter, page: io.StringIO) -> None:
    reporter.table(filed(erased=0), {"orders": EXPECTED})
    assert "✗" in page.getvalue()


def test_links_are_each_on_one_line(reporter: Reporter, page: io.StringIO) -> None:
    long = filed()
    long.link = f"http://127.0.0.1:8000/s/{'x' * 100}"
    reporter.links(long, "http://127.0.0.1:8000")
    assert any(line.endswith(long.link) for line in page.getvalue().splitlines())
    assert "sms at 12:54:51" in page.getvalue()


def test_without_a_terminal_each_change_is_one_line(reporter: Reporter, page: io.StringIO) -> None:
    request = filed()
    with reporter.progress():
        reporter.update(request)
        reporter.update(request)
    assert page.getvalue().splitlines() == ["deletion: filed [orders=done]"]


def test_differences_name_the_counts() -> None:
    assert differences(STORE, EXPECTED) == []
    assert differences(STORE | {"erased": 0, "retained": 3}, EXPECTED) == ["erased", "retained"]
    assert differences(STORE, None) == ["store"]


@pytest.mark.parametrize("status", ["completed", "completed_in_part"])
def test_a_request_closed_well_when_all_stores_are_done_and_the_person_was_told(status: str) -> None:
    assert filed(status).closed_well


def test_a_request_did_not_close_well_while_a_store_works_or_nobody_was_told() -> None:
    silent = filed()
    silent.notice = None
    assert not silent.closed_well
    assert not filed(status="refused").closed_well
    working = filed()
    working.status["stores"][0] = STORE | {"status": "working"}
    assert not working.closed_well
