"""What a person does: ask for a right, read the code that arrives, type it in, look at the status until it is done."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from local.mailbox import Mailbox, Message

_CODE = re.compile(r"(?<!\d)(\d{3})\s?(\d{3})(?!\d)")
_POLL_SECONDS = 0.4
_PATIENCE_SECONDS = 300.0
GOOD_ENDS = frozenset({"completed", "completed_in_part"})
ENDS = GOOD_ENDS | {"refused", "withdrawn", "expired"}


class JourneyError(Exception):
    """The public API answered something no person could go on with; the message names the step."""


@dataclass
class Filed:
    """A request as its person knows it."""

    right: str
    contact: str
    request_id: str
    token: str
    link: str
    step: str = "filed"
    seconds: float = 0.0
    status: dict[str, Any] = field(default_factory=dict)
    """The newest answer of `GET /requests/{id}`."""
    notice: Message | None = None
    """The last message about it, which tells the outcome."""

    @property
    def state(self) -> str:
        """The status word, as people see it."""
        return str(self.status.get("status", "received"))

    @property
    def stores(self) -> list[dict[str, Any]]:
        """What each store did so far."""
        return list(self.status.get("stores") or [])

    @property
    def closed_well(self) -> bool:
        """Whether it ended as it should: done everywhere, and the person was told."""
        done = all(store["status"] == "done" for store in self.stores)
        return self.state in GOOD_ENDS and bool(self.stores) and done and self.notice is not None


class Visitor:
    """Somebody with a browser, a phone and a mailbox."""

    def __init__(self, base_url: str, mailbox: Mailbox, patience: float = 60) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=patience, headers={"Accept": "application/json"})
        self._mailbox = mailbox

    def ask(self, right: str, contact: str, locale: str = "en") -> Filed:
        """File a request under a phone number or a mail address."""
        kind = "email" if "@" in contact else "phone"
        body = {"right": right, "identifiers": {kind: contact}, "requester": {"kind": "self"}, "locale": locale}
        answer = self._http.post("/requests", json=body)
        _require(answer, httpx.codes.ACCEPTED, f"filing the {right} request")
        made = answer.json()
        return Filed(right, contact, made["request_id"], made["status_token"], made["link"])

    def read_code(self, filed: Filed, already: frozenset[Message] = frozenset(), seconds: float = 30.0) -> str:
        """The code that arrives for this request; messages that were there before do not count."""
        message = self._mailbox.wait_for(
            lambda message: message.to == filed.contact and message not in already and bool(_CODE.search(message.text)),
            seconds,
        )
        found = _CODE.search(message.text)
        return "".join(found.groups()) if found else ""

    def enter_code(self, filed: Filed, code: str) -> httpx.Response:
        """Type a code in."""
        return self._http.post(f"/requests/{filed.request_id}/code", json={"code": code}, headers=_bearer(filed))

    def look(self, filed: Filed) -> dict[str, Any]:
        """Look at the status page."""
        answer = self._http.get(f"/requests/{filed.request_id}", headers=_bearer(filed))
        _require(answer, httpx.codes.OK, "looking at the status")
        filed.status = answer.json()
        return filed.status

    def close(self) -> None:
        """Close the browser."""
        self._http.close()

    def messages(self, contact: str) -> frozenset[Message]:
        """What has arrived so far."""
        return frozenset(self._mailbox.sent_to(contact))

    def go_through(self, right: str, contact: str, locale: str = "en") -> Iterator[Filed]:
        """The whole way of one request, step by step; ends when the request has ended or patience has."""
        started = time.monotonic()
        before = self.messages(contact)
        filed = self.ask(right, contact, locale)
        yield filed
        filed.step = "waiting for the code"
        yield filed
        code = self.read_code(filed, before)
        answer = self.enter_code(filed, code)
        if answer.is_error:
            _require(answer, httpx.codes.OK, "entering the code")
        with_code = self.messages(contact)
        filed.step = "code entered"
        yield filed
        while time.monotonic() - started < _PATIENCE_SECONDS:
            self.look(filed)
            filed.step, filed.seconds = filed.state.replace("_", " "), time.monotonic() - started
            news = [message for message in self._mailbox.sent_to(contact) if message not in with_code]
            filed.notice = news[0] if filed.state in ENDS and news else None
            yield filed
            if filed.state in ENDS and (filed.notice or filed.state not in GOOD_ENDS):
                return
            time.sleep(_POLL_SECONDS)
        filed.step = f"not finished after {_PATIENCE_SECONDS:.0f} s"
        yield filed


def _bearer(filed: Filed) -> dict[str, str]:
    return {"Authorization": f"Bearer {filed.token}"}


def _require(answer: httpx.Response, wanted: int, step: str) -> None:
    if answer.status_code != wanted:
        message = f"{step}: expected {int(wanted)}, got {answer.status_code} {answer.text[:300]}"
        raise JourneyError(message)
