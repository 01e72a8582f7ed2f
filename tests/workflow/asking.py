"""Somebody who asks for a right: through the public API, with the codes that arrive, as a person would."""

import re
from collections.abc import Iterable
from typing import Any

import httpx

from local.cloud import Cloud
from local.journey import ENDS
from local.mailbox import Mailbox, Message
from local.mall import Expectation
from tests.workflow.waiting import eventually

CODE = re.compile(r"\b(\d{6})\b")
COUNTS = ("found", "exported", "erased", "anonymised", "retained")


class Asking:
    """One request, from `POST /requests` on."""

    def __init__(
        self,
        mailbox: Mailbox,
        http: httpx.Client,
        right: str,
        identifiers: dict[str, str],
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        self._mailbox = mailbox
        self._http = http
        self.right = right
        self.identifiers = identifiers
        self._before = set(self.messages())
        body = {"right": right, "identifiers": identifiers, "requester": {"kind": "self"}, "locale": "en"} | more
        self.reply = self._http.post("/requests", json=body, headers=headers)
        assert self.reply.status_code == httpx.codes.ACCEPTED, self.reply.text
        self.id: str = self.reply.json()["request_id"]
        self.token: str = self.reply.json()["status_token"]

    @property
    def bearer(self) -> dict[str, str]:
        """The header that shows whose request it is."""
        return {"Authorization": f"Bearer {self.token}"}

    def call(self, method: str, path: str = "", **more: Any) -> httpx.Response:
        """A call under the address of this request, with its token."""
        return self._http.request(method, f"/requests/{self.id}{path}", headers=self.bearer, **more)

    # --- messages

    def messages(self, *kinds: str) -> list[Message]:
        """What arrived at the typed contacts so far, newest first."""
        contacts = [value for kind, value in self.identifiers.items() if not kinds or kind in kinds]
        return self._mailbox.sent_to(*contacts)

    def new_messages(self, *kinds: str) -> list[Message]:
        """What arrived since the request was made."""
        return [message for message in self.messages(*kinds) if message not in self._before]

    def sent_codes(self, *kinds: str) -> list[str]:
        """The codes that arrived since the request was made, newest first."""
        return [found[1] for message in self.new_messages(*kinds) if (found := CODE.search(message.text))]

    def read_code(self, *kinds: str) -> str:
        """The newest code, as soon as there is one."""
        return eventually(lambda: self.sent_codes(*kinds), "code")[0]

    def another_code(self, known: set[str], *kinds: str) -> str:
        """A code that is none of the known ones, as soon as it arrives."""
        return eventually(lambda: [c for c in self.sent_codes(*kinds) if c not in known], "other code")[0]

    # --- proof

    def enter(self, code: str) -> httpx.Response:
        """Type a code in."""
        return self.call("POST", "/code", json={"code": code})

    def prove(self) -> "Asking":
        """Wait for the code of each typed contact and type it in."""
        for kind in self.identifiers:
            reply = self.enter(self.read_code(kind))
            assert reply.status_code == httpx.codes.OK, reply.text
        return self

    # --- what becomes of it

    def look(self) -> dict[str, Any]:
        """The status page's facts."""
        reply = self.call("GET")
        assert reply.status_code == httpx.codes.OK, reply.text
        shown: dict[str, Any] = reply.json()
        return shown

    def until(self, *states: str, seconds: float = 120) -> dict[str, Any]:
        """Look at the status until it is one of these."""

        def there() -> dict[str, Any] | None:
            shown = self.look()
            assert shown["status"] not in ENDS - set(states), f"ended as {shown['status']}"
            return shown if shown["status"] in states else None

        return eventually(there, " or ".join(states), seconds=seconds, every=0.2)

    def until_told(self, *states: str, seconds: float = 120) -> dict[str, Any]:
        """The same, and the person has got the message about it."""
        shown = self.until(*states, seconds=seconds)

        def told() -> dict[str, Any] | None:
            shown = self.look()
            return shown if {notice["kind"] for notice in shown["notices"]} & {*states, "duplicate"} else None

        return eventually(told, "notice of the outcome", seconds=seconds) if shown.get("stores") else shown


def counts_of(stores: Iterable[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Store to counts, as the status page has them."""
    return {store["store"]: {name: store[name] for name in COUNTS} for store in stores}


def expected(expectation: dict[str, Expectation]) -> dict[str, dict[str, int]]:
    """Store to counts, as the sample mall says they must be."""
    return {store: {name: getattr(one, name) for name in COUNTS} for store, one in expectation.items()}


def grounds_of(stores: Iterable[dict[str, Any]]) -> dict[str, list[tuple[int, str, str]]]:
    """Store to what it keeps and why and until when, as the status page has it."""
    return {s["store"]: sorted((k["ground"], k["until"], k["reason"]) for k in s["kept"]) for s in stores}


def expected_grounds(expectation: dict[str, Expectation]) -> dict[str, list[tuple[int, str, str]]]:
    """The same, as the sample mall says it must be."""
    return {
        store: sorted((keeping.ground, keeping.until, keeping.reason) for keeping in one.kept)
        for store, one in expectation.items()
    }


class Public:
    """The public door, with everybody's mailbox."""

    def __init__(self, cloud: Cloud) -> None:
        self._mailbox = cloud.mailbox
        self.http = httpx.Client(base_url=cloud.base_url, timeout=60, headers={"Accept": "application/json"})

    def ask(
        self,
        right: str,
        *,
        phone: str | None = None,
        email: str | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> Asking:
        """Make a request under one or two contacts, with these headers, and more in its body."""
        typed = {kind: value for kind, value in (("phone", phone), ("email", email)) if value}
        return Asking(self._mailbox, self.http, right, typed, headers, **more)
