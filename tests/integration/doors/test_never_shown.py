"""What people are never shown (UX 33): who works on it, how it is built, what went wrong, when we meant to be done."""

import inspect
import re
from collections.abc import Callable
from html import unescape

import pytest

from rights import errors
from rights.clock import parse
from rights.domain.rights import Locale, Operation
from rights.domain.status import Status
from rights.http_problems import PROBLEMS
from rights.ledger import Ledger
from rights.notices.i18n import long_date
from tests.integration.doors.conftest import DATA_MAP, EMAIL, PHONE, Person, Reply
from tests.integration.doors.test_pages import every_page
from tests.integration.doors.test_status_page import asked, confirming, working
from tests.support.functions import folders, state_of
from tests.support.machine import states

ERRORS = [name for name, _ in inspect.getmembers(errors, inspect.isclass)]
CODES = [name for name in (*PROBLEMS, *Status, *Operation) if "_" in name]
STORES = [name for store in DATA_MAP.stores for name in (store.fides_key, f"store_{store.fides_key}") if "_" in name]
NAMES = [*folders(), *map(state_of, folders()), *states(), *ERRORS, *CODES, *STORES]
MACHINERY = [name for name in NAMES if re.search(r"_|[a-z][A-Z]", name)]
"""Names of ours that are no plain words."""
WORDS = [
    "failed",
    "failure",
    "exception",
    "traceback",
    "arn:",
    "lambda",
    "dynamodb",
    "postgres",
    "s3://",
    "op-1",
    "anna",
]
LANGUAGES = [locale.value for locale in Locale]


def failing(person: Person) -> Person:
    """A deletion of which a place failed, and that waits to be mended."""
    working(person)
    ledger = person.ledger
    ledger.claim_task(ledger.task(person.request_id, "profiles"))
    ledger.fail_task(person.request_id, "profiles", "RowsLeft")
    ledger.ask_for_repair(person.request_id)
    return person


def refused(person: Person) -> Person:
    """A complaint that an operator asked about, and then refused."""
    asked(person)
    person.call("POST", "/answers", json_body={"message": "Order 7"})
    person.ledger.refuse(person.request_id, by="op-1", ground=3)
    return person


def shown(page: Reply) -> str:
    """What somebody reads or hears of a page; what they typed themselves is in the values of its fields."""
    return unescape(re.sub(r"<[^>]*>", " ", page.text))


def words_in(page: Reply) -> list[str]:
    text = shown(page)
    found = [word for word in WORDS if word in text.lower()]
    return found + [name for name in MACHINERY if re.search(rf"\b{re.escape(name)}\b", text)]


PLAYS: list[Callable[[Person], Person]] = [
    failing,
    refused,
    working,
    asked,
    lambda person: confirming(person, "closure", right="account_closure"),
    lambda person: person.asks(right="deletion").proves().is_answered(Operation.ERASE),
]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("play", PLAYS, ids=["failing", "refused", "working", "asked", "confirming", "answered"])
def test_no_state_shows_what_is_none_of_their_business(
    person: Person, play: Callable[[Person], Person], lang: str
) -> None:
    play(person)
    for rest in ("", "/certificate", "/withdraw", "/confirm"):
        page = person.call("GET", rest, html=True, cookies={"lang": lang})
        assert words_in(page) == [], rest
        assert not [one for one in (PHONE, EMAIL, "12345678", "345 678") if one in page.text]


def test_no_page_on_the_way_shows_it_either(person: Person) -> None:
    for page in every_page(person):
        assert words_in(page) == []


def test_a_place_that_failed_is_being_worked_on(person: Person, ledger: Ledger) -> None:
    page = failing(person).call("GET", html=True, cookies={"lang": "en"})
    assert ledger.get(person.request_id).status is Status.NEEDS_REPAIR
    assert page.text.count("In progress") >= 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_date_we_aim_at_ourselves_is_not_told(person: Person, ledger: Ledger, lang: str) -> None:
    page = working(person).call("GET", html=True, cookies={"lang": lang}).text
    request = ledger.get(person.request_id)
    assert request.work_by
    assert request.work_by[:10] != request.due_at[:10]
    assert long_date(parse(request.due_at), Locale(lang)) in page
    assert long_date(parse(request.work_by), Locale(lang)) not in page
    assert request.work_by[:10] not in page


def test_the_answer_takes_as_many_bytes_for_somebody_we_do_not_know(person: Person) -> None:
    """UX 23, 89: whether a code goes out is settled later, so neither page nor answer can differ."""

    def sizes(on_file: dict[str, str] | None) -> list[int]:
        person.asks(on_file=on_file)
        pages = [person.call("GET", html=True), person.call("GET", "/code", html=True)]
        pages.append(person.call("POST", "/code", form={"code": "000000"}, html=True))
        pages += [person.call("POST", "/code/resend", form={}, html=True) for _ in range(6)]
        return [len(page.text) for page in pages]

    assert sizes(None) == sizes({})
