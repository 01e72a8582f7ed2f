"""Somebody who asks for a right: through the public API, with the codes that arrive, as a person would."""

import json
import re
from collections.abc import Iterable
from typing import Any

import httpx

from local.cloud import Cloud
from local.journey import ENDS
from local.mailbox import Mailbox, Message
from local.mall import NOT_OF_THE_MALL, Expectation
from tests.support.description import check_response
from tests.workflow.waiting import eventually

CODE = re.compile(r"\b(\d{6})\b")
TELLS_THE_OUTCOME = {"duplicate", "package_ready", "opted_out", "answered"}
COUNTS = ("found", "exported", "erased", "anonymised", "retained")


class Asking:
    """One request, from `POST /requests` on."""

    def __init__(self, mailbox: Mailbox, http: httpx.Client, reply: httpx.Response, made: dict[str, str]) -> None:
        body = json.loads(reply.request.content)
        requester = body["requester"]
        contacts = requester if requester["kind"] != "self" else body["identifiers"]
        self._mailbox = mailbox
        self._http = http
        self.reply = reply
        self.right = made["right"]
        self.contacts: dict[str, str] = {kind: contacts[kind] for kind in ("phone", "email") if kind in contacts}
        """Of whoever asks: of the person, or of who acts for them."""
        self.id = made["request_id"]
        self.token = made["status_token"]
        self.link = made["link"]
        self._before: set[Message] = set()

    def after(self, messages: Iterable[Message]) -> "Asking":
        """These messages had arrived before the request was made."""
        self._before = set(messages)
        return self

    @property
    def others(self) -> "list[Asking]":
        """The other requests of its case."""
        made = self.reply.json()["requests"]
        return [Asking(self._mailbox, self._http, self.reply, one) for one in made if one["request_id"] != self.id]

    @property
    def bearer(self) -> dict[str, str]:
        """The header that shows whose request it is."""
        return {"Authorization": f"Bearer {self.token}"}

    def call(self, method: str, path: str = "", **more: Any) -> httpx.Response:
        """A call under the address of this request, with its token."""
        return self._http.request(method, f"/requests/{self.id}{path}", headers=self.bearer, **more)

    # --- messages

    def messages(self, *kinds: str) -> list[Message]:
        """What arrived at the contacts of whoever asks so far, newest first."""
        contacts = [value for kind, value in self.contacts.items() if not kinds or kind in kinds]
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
        """Wait for the code of each contact and type it in."""
        for kind in self.contacts:
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

    def until(self, *states: str) -> dict[str, Any]:
        """Look at the status until it is one of these."""

        def there() -> dict[str, Any] | None:
            shown = self.look()
            assert shown["status"] not in ENDS - set(states), f"ended as {shown['status']}"
            return shown if shown["status"] in states else None

        return eventually(there, " or ".join(states))

    def until_told(self, *states: str) -> dict[str, Any]:
        """The same, and the person has got the message about it."""
        shown = self.until(*states)

        def told() -> dict[str, Any] | None:
            shown = self.look()
            kinds = {notice["kind"] for notice in shown["notices"]}
            return shown if kinds & {*states, *TELLS_THE_OUTCOME} else None

        return eventually(told, "notice of the outcome") if shown.get("stores") else shown


def counts_of(stores: Iterable[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Store of the mall to counts, as the status page has them."""
    return {s["store"]: {name: s[name] for name in COUNTS} for s in stores if s["store"] not in NOT_OF_THE_MALL}


def expected(expectation: dict[str, Expectation]) -> dict[str, dict[str, int]]:
    """Store to counts, as the sample mall says they must be."""
    return {store: {name: getattr(one, name) for name in COUNTS} for store, one in expectation.items()}


def grounds_of(stores: Iterable[dict[str, Any]]) -> dict[str, list[tuple[int, str, str]]]:
    """Store of the mall to what it keeps and why and until when, as the status page has it."""
    mall = [s for s in stores if s["store"] not in NOT_OF_THE_MALL]
    return {s["store"]: sorted((k["ground"], k["until"], k["reason"]) for k in s["kept"]) for s in mall}


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
        self.http = httpx.Client(base_url=cloud.base_url, timeout=120, headers={"Accept": "application/json"})
        self.http.event_hooks["response"].append(check_response)

    def ask(
        self,
        *rights: str,
        phone: str | None = None,
        email: str | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> Asking:
        """Make a request for a right, or a case of several, with these headers, and more in its body."""
        typed = {kind: value for kind, value in (("phone", phone), ("email", email)) if value}
        asked = {"right": rights[0]} if len(rights) == 1 else {"rights": rights}
        body = asked | {"identifiers": typed, "requester": {"kind": "self"}, "locale": "en"} | more
        before = self._mailbox.messages()
        reply = self.http.post("/requests", json=body, headers=headers)
        assert reply.status_code == httpx.codes.ACCEPTED, reply.text
        return Asking(self._mailbox, self.http, reply, reply.json()["requests"][0]).after(before)
