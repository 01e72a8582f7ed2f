"""Every code that the ledger and the doors know has words on the console."""

import re

from operator_api.console import words
from rights.domain.affiliates import Stand
from rights.domain.clock.reading import Reason as ClockReason
from rights.domain.notices import NOTICES
from rights.domain.review import Reason
from rights.domain.rights import Channel, Locale, Operation, Requester, Right
from rights.domain.status import Status
from rights.domain.work import TaskStatus
from rights.ledger.callbacks import SETTLED
from rights.ledger.model import CallbackStatus, NoticeStatus
from tests.support.functions import FUNCTIONS


def test_every_enum_has_its_words() -> None:
    assert set(words.RIGHT) == set(Right)
    assert set(words.STATUS) == set(Status)
    assert set(words.TASK) == set(words.TASK_MARK) == set(TaskStatus)
    assert set(words.REVIEW) == set(Reason)
    assert set(words.CLOCK) == set(ClockReason)
    assert set(words.NOTICE) == set(NoticeStatus)
    assert set(words.OPERATION) == set(Operation)
    assert set(words.REQUESTER) == set(Requester)
    assert set(words.CHANNEL) >= set(Channel)
    assert set(words.STAND) == set(Stand)
    assert set(words.CALLBACK) == set(CallbackStatus)
    assert set(words.LANGUAGE) == set(words.HTML_LANG) == set(Locale)


def test_every_kind_of_notice_has_words() -> None:
    missing = {kind for kind in NOTICES if kind not in words.NOTICE_KIND and kind not in words.STATUS}
    assert words.say(words.NOTICE_KIND, "completed") == "Completed"
    assert missing == set()


def test_every_event_that_the_code_writes_has_words() -> None:
    written = set()
    for path in [*(FUNCTIONS / "rights").rglob("*.py"), *(FUNCTIONS / "operator_api").rglob("*.py")]:
        text = path.read_text("utf-8")
        written |= set(re.findall(r'Change\(\s*code="([a-z_]+)"', text))
        written |= set(re.findall(r'\.note\(\s*[\w.]+, "([a-z_]+)"', text))
    written |= {f"callback_{status}" for status in SETTLED}
    assert len(written) > 30
    assert written <= set(words.EVENT)


def test_filters_name_events_that_there_are() -> None:
    assert set(words.EVENT) >= words.FAILS
    assert set(words.EVENT) >= words.WAITS


def test_a_code_without_words_is_shown_and_never_left_out() -> None:
    assert words.say(words.EVENT, "something_new") == "Something new"
