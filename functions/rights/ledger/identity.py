"""Proof of identity by one-time codes: who may try, how often, and what a right code opens.

A code is bound to one request, one channel and one purpose, kept only as an HMAC, and lives fifteen minutes. The last
two of a channel are valid, since text messages arrive late and out of order; all share one count of tries, taken by a
conditional write before the code is looked at. Everything here runs alike whether or not the contact is on file: a
request without a code has tries too, and uses them up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from rights.clock import parse, stamp
from rights.domain.rights import Channel, Requester
from rights.domain.status import Status
from rights.errors import StaleWriteError
from rights.ledger.clocks import turned
from rights.ledger.intake import TRIES, Intake
from rights.ledger.model import CodeAnswer, CodeResult, Notice, Request
from rights.ledger.notices import Notices
from rights.ledger.outbox import Outbox
from rights.ledger.requests import Change
from rights.ledger.table import Item, Update, request_key
from rights.ledger.waits import Waits
from rights.secrets_hmac import same

CODE_LIVES = timedelta(minutes=15)
CODES_LIVE = 2
CHANNELS = ("phone", "email")
SENDS_PER_REQUEST = 5
SENDS_PER_DAY = 5
_RACES = 10
IDENTITY_WAIT = "VerifyIdentity"
DOWNLOAD = "download"
LOOK = "look"
FIND = "find"
STEP_UPS = frozenset({DOWNLOAD, LOOK, FIND})
"""A fresh proof by whoever proved before: to download, to see what was done, to find a page again."""
NEW_CONTACT = "new_contact"
"""What else a code proves: that a contact which a correction brings is the person's."""
WAITING_FOR_PROOF = frozenset({Status.RECEIVED, Status.IDENTITY_NEEDED})


class Identity(Waits, Notices, Outbox, Intake):
    """The proof of identity of a request, and the fresh proofs later on."""

    def codes(self, request_id: str, purpose: str = "identity") -> Item | None:
        """The state of one proof: `typed` channels, `proven` channels, `tries_left`, `sends`."""
        return self.table.get(_key(request_id, purpose))

    def try_code(self, request_id: str, code: str, purpose: str = "identity") -> CodeAnswer:
        """Spend one try on a code that somebody typed; a right one proves its channel."""
        if purpose == "identity" and self.get(request_id).status not in WAITING_FOR_PROOF:
            return CodeAnswer(CodeResult.NOT_WAITING)
        if purpose not in STEP_UPS and self.all_proven(request_id, purpose):
            # The last code was taken, but whoever took it was cut off before the request went on.
            return self._go_on(request_id, purpose)
        spend = Update(_key(request_id, purpose)).add("tries_left", -1).when("{tries_left} > {=no}", no=0)
        spent = self.table.update(spend)
        if spent is None:
            known = self.codes(request_id, purpose) is not None
            return CodeAnswer(CodeResult.USED_UP if known else CodeResult.NOT_WAITING)
        match = self._match(request_id, spent["codes"], code, purpose)
        if match is None:
            return CodeAnswer(CodeResult.WRONG, spent["tries_left"])
        if parse(match["expires_at"]) <= self.clock():
            return CodeAnswer(CodeResult.EXPIRED, spent["tries_left"])
        return self._prove(request_id, match, purpose)

    def all_proven(self, request_id: str, purpose: str = "identity") -> bool:
        """Tell whether every identifier that was typed is proven."""
        state = self.codes(request_id, purpose) or {}
        return bool(state) and set(state["typed"]) <= set(state["proven"])

    def _match(self, request_id: str, codes: list[Item], code: str, purpose: str) -> Item | None:
        found = None
        for kept in codes:
            if same(kept["hmac"], self._code_hmac(request_id, kept["channel"], purpose, code)):
                found = kept
        return found

    def _prove(self, request_id: str, match: Item, purpose: str) -> CodeAnswer:
        """Take the code that matched, if nobody has taken it meanwhile: it opens once."""
        channel = match["channel"]
        for _ in range(_RACES):
            state = self.codes(request_id, purpose)
            if state is None or match not in state["codes"]:
                is_done = purpose not in STEP_UPS and self.all_proven(request_id, purpose)
                left = state["tries_left"] if state else 0
                return CodeAnswer(CodeResult.NOT_WAITING if is_done else CodeResult.WRONG, left)
            proven = sorted({*state["proven"], channel})
            left = [kept for kept in state["codes"] if kept["channel"] != channel]
            update = Update(_key(request_id, purpose))
            update.set(proven=proven, proven_at=self.now(), tries_left=TRIES, codes=left)
            update.when("{codes} = {=was}", was=state["codes"]).when("{proven} = {=known}", known=state["proven"])
            if self.table.update(update) is not None:
                break
        else:
            raise StaleWriteError("lost every race for this proof")
        if purpose in STEP_UPS:
            return CodeAnswer(CodeResult.PROVEN, proven=tuple(proven), was_right=True)
        if set(proven) < set(state["typed"]):
            return CodeAnswer(CodeResult.MORE_NEEDED, TRIES, tuple(proven), was_right=True)
        return replace(self._go_on(request_id, purpose), was_right=True)

    def _go_on(self, request_id: str, purpose: str) -> CodeAnswer:
        if purpose == "identity":
            self.proceed(request_id)
        return CodeAnswer(CodeResult.PROVEN, proven=tuple((self.codes(request_id, purpose) or {}).get("proven", ())))

    def proceed(self, request_id: str, *, by: str = "person") -> Request:
        """Go on with what is proven: the request is verified, the execution told, the receipt queued.

        Changes nothing while nothing is proven, or when it was done before.
        """

        def decide(request: Request) -> Change | None:
            proven = self.proven(request_id)
            if request.status not in WAITING_FOR_PROOF or not proven:
                return None
            case = (request_id, *(other for other in request.case_requests if other != request_id))
            waiting = case if request.is_first_of_case else (request_id,)
            also = [p for one in waiting for p in self.answer_parts(one, IDENTITY_WAIT, {"outcome": "verified"})]
            if request.is_first_of_case:
                also += [self.notice_part(request_id, "received", channel) for channel in proven]
            detail = {"proven": "+".join(proven)}
            sets = self.revived(request) | turned(request, self.clock(), verified=True)
            return Change(code="identity_proven", by=by, to=Status.VERIFIED, sets=sets, detail=detail, also=also)

        return self.change(request_id, decide)

    def join_case(self, request_id: str) -> Request:
        """Go on with what the first request of the case proved; changes nothing while that proved nothing."""
        request = self.get(request_id)
        if request.is_first_of_case or request.status not in WAITING_FOR_PROOF:
            return request
        first = self.get(request.case_id)
        if "verified_at" not in first.timeline:
            return request
        self.put_private(request_id, "contacts", self.private(first.id, "contacts"))
        proof = self.codes(first.id) or {}
        state = {"typed": proof["typed"], "proven": proof["proven"], "codes": [], "tries_left": TRIES, "sends": 0}
        self.table.put(_key(request_id, "identity") | state, only_new=False)
        return self.proceed(request_id)

    def proven(self, request_id: str) -> list[str]:
        """The channels whose codes were entered: whom notices go to."""
        return list((self.codes(request_id) or {}).get("proven", ()))

    def unknown_hashes(self, request_id: str) -> dict[str, str]:
        """The identifiers that came as hashes, by kind, and were not looked up yet."""
        typed: dict[str, dict[str, str]] = self.private(request_id, "typed") or {}
        return typed.get("hashed", {})

    def hashes_looked_up(self, request_id: str, found: Mapping[str, str]) -> None:
        """Put the contacts on file that were named by hashes beside those that were typed; the hashes go."""
        typed = self.private(request_id, "typed") or {"identifiers": {}, "message": ""}
        whole = {name: value for name, value in typed.items() if name != "hashed"}
        self.put_private(request_id, "typed", whole | {"identifiers": {**found, **typed["identifiers"]}})

    def assert_contacts(self, request_id: str, contacts: Mapping[str, str]) -> None:
        """Take an affiliate's or operator's word for these contacts, on file; a second call changes nothing."""
        proven = Update(_key(request_id, "identity")).set(proven=sorted(contacts), proven_at=self.now())
        self.table.update(proven.when("attribute_not_exists({proven_at})"))
        # Last: who finds it knows that the rest was done.
        self.put_private(request_id, "contacts", dict(contacts))

    def proven_contacts(self, request_id: str) -> dict[str, str]:
        """The proven contacts of whoever asked, by channel."""
        contacts = self.private(request_id, "contacts") or {}
        return {channel: contacts[channel] for channel in self.proven(request_id) if channel in contacts}

    def asked_contacts(self, request_id: str) -> dict[str, str]:
        """The contacts that are to be proven: the person's as typed, or those of whoever acts for them."""
        told: dict[str, str] = self.private(request_id, "requester") or {}
        if not told:
            told = (self.private(request_id, "typed") or {}).get("identifiers", {})
        return {channel: told[channel] for channel in CHANNELS if told.get(channel)}

    def seeds(self, request: Request) -> dict[str, str]:
        """The identifiers that may seed a search for data: only those whose codes were entered.

        Whoever acts for another proves their own contact, not the person's: what they typed of the person seeds a plan
        that nobody may carry out before somebody has looked at the evidence.
        """
        typed: dict[str, str] = (self.private(request.id, "typed") or {}).get("identifiers", {})
        if request.channel is Channel.BULK or request.is_asserted:
            # Nobody has to prove anything: the mall names an account of its own, or an affiliate vouches for it.
            return typed
        if request.requester is not Requester.SELF:
            return typed if self.proven(request.id) else {}
        return {channel: typed[channel] for channel in self.proven(request.id) if channel in typed}

    def contacts_on_file(self, request_id: str) -> dict[str, list[str]]:
        """Every own contact of the person, by channel, as the stores have them; known once the request is planned."""
        subject = self.private(request_id, "subject") or {}
        known = subject.get("on_file", subject.get("keys", {}))
        return {channel: list(known.get(channel, ())) for channel in CHANNELS}

    def contact_of(self, notice: Notice) -> str | None:
        """Where a notice goes: to a proven contact, to one of all that are on file, or to one that is to be."""
        if notice.purpose == NEW_CONTACT:
            changes: dict[str, dict[str, str]] = self.private(notice.request_id, "changes") or {}
            return changes.get(notice.channel, {}).get("to")
        if notice.purpose != "on_file":
            contact: str | None = (self.private(notice.request_id, "contacts") or {}).get(notice.channel)
            return contact
        contacts = self.contacts_on_file(notice.request_id)[notice.channel]
        place = int(notice.id.rpartition("-")[2])
        return contacts[place - 1] if place <= len(contacts) else None

    def queue_first_code(self, request_id: str, channel: str, identifier: str) -> bool:
        """Queue the code every typed contact gets by itself; a step that comes again queues no second one."""
        state = self.codes(request_id) or {}
        return channel in state.get("asked", ()) or self.queue_code(request_id, channel, identifier)

    def queue_code(self, request_id: str, channel: str, identifier: str, purpose: str = "identity") -> bool:
        """Count one code of this request and queue it; `False` when the request has had its five.

        Beyond five codes for one identifier and day none is queued, but the answer is the same: whether somebody else
        asked in this name today must not show. Codes of a fresh proof have a count of their own, which no stranger can
        use up. Of two calls at once for one contact, as of a double click, one queues a code for both.
        """
        whose = _counted_as(request_id, identifier, purpose)
        state = self.codes(request_id, purpose)
        newest = _newest(state, channel)
        for _ in range(_RACES):
            if _newest(state, channel) != newest:
                return True
            if state is None or state["sends"] >= SENDS_PER_REQUEST:
                return False
            may_send = self._may_send_today(whose)
            if not may_send and purpose == NEW_CONTACT:
                # Whoever asks is proven here: they may know, and keep their sends for tomorrow.
                return False
            parts = self._code_parts(request_id, channel, purpose, state)
            if self.table.transact([*parts, self._day_part(whose)] if may_send else parts[:1]) is None:
                return True
            state = self.codes(request_id, purpose)
        raise StaleWriteError("lost every race for this code")

    def _code_parts(self, request_id: str, channel: str, purpose: str, state: Item) -> list[Item]:
        """That one more code was asked for, and the code."""
        number = state.get("numbered", 0) + 1
        count = Update(_key(request_id, purpose)).set(
            sends=state["sends"] + 1,
            numbered=number,
            newest=state.get("newest", {}) | {channel: number},
            asked=sorted({*state.get("asked", ()), channel}),
            asked_at=self.now(),
        )
        return [
            self.table.update_op(count.when("{sends} = {=was}", was=state["sends"])),
            self.notice_part(request_id, "code", channel, number=number, purpose=purpose),
        ]

    def _day_part(self, whose: str) -> Item:
        """One more code for this contact today, unless those were used up meanwhile."""
        update = Update(self._day_key(whose)).add("sent", 1)
        update.set(expires=int((self.clock() + timedelta(days=2)).timestamp()))
        return self.table.update_op(update.when("attribute_not_exists({sent}) OR {sent} < {=most}", most=SENDS_PER_DAY))

    def _may_send_today(self, whose: str) -> bool:
        counted = self.table.get(self._day_key(whose))
        return counted is None or counted["sent"] < SENDS_PER_DAY

    def _day_key(self, whose: str) -> Item:
        return {"PK": f"SENDS#{self.hmac.tag_of('sends', whose)}", "SK": self.now()[:10]}

    def begin_step_up(self, request_id: str, purpose: str, *, anew: bool = False) -> None:
        """Open a fresh proof (of `STEP_UPS`) over the contacts that were proven, with its own tries.

        Tries and sends are given anew a day after the first, so that nobody is shut out of their data for good; or,
        where whoever calls counts them, at once.
        """
        item = _fresh_proof(self.proven(request_id)) | {"since": self.now()}
        if not self.table.put(_key(request_id, purpose) | item, only_new=True):
            until = item["since"] if anew else stamp(self.clock() - timedelta(days=1))
            fresh = {"tries_left": TRIES, "sends": 0, "since": item["since"]}
            self.table.update(Update(_key(request_id, purpose)).set(**fresh).when("{since} < {=then}", then=until))

    def begin_proof_of_new_contacts(self, request_id: str, channels: Sequence[str]) -> None:
        """Open the proof that the contacts a correction brings are the person's; a second call changes nothing."""
        self.table.put(_key(request_id, NEW_CONTACT) | _fresh_proof(channels), only_new=True)

    def store_code(self, request_id: str, channel: str, purpose: str, code: str) -> None:
        """Keep the HMAC of a code that is about to be sent, beside the one before it."""
        for _ in range(TRIES):
            state = self.codes(request_id, purpose)
            if state is None:
                return
            fresh = {
                "channel": channel,
                "hmac": self._code_hmac(request_id, channel, purpose, code),
                "expires_at": stamp(self.clock() + CODE_LIVES),
            }
            mine = [kept for kept in state["codes"] if kept["channel"] == channel][-(CODES_LIVE - 1) :]
            others = [kept for kept in state["codes"] if kept["channel"] != channel]
            update = Update(_key(request_id, purpose)).set(codes=[*others, *mine, fresh])
            if self.table.update(update.when("{codes} = {=was}", was=state["codes"])) is not None:
                return

    def _code_hmac(self, request_id: str, channel: str, purpose: str, code: str) -> str:
        return self.hmac.tag_of("code", request_id, channel, purpose, code)

    def clear_proof(self, request_id: str, purpose: str) -> None:
        """Use a fresh proof up: it opens one door once."""
        self.table.update(Update(_key(request_id, purpose)).set(proven=[]).when("attribute_exists(PK)"))


def _key(request_id: str, purpose: str) -> dict[str, Any]:
    return request_key(request_id, f"CODES#{purpose}")


def _counted_as(request_id: str, identifier: str, purpose: str) -> str:
    """Under what a code is counted: what nobody has proven yet never uses up the codes of somebody who has."""
    match purpose:
        case "download" | "look" | "find":
            return f"{purpose} {request_id} {identifier}"
        case "new_contact":
            return f"{purpose} {identifier}"
        case _:
            return identifier


def _newest(state: Item | None, channel: str) -> int:
    """The number of the code that was asked for last of a channel."""
    return int((state or {}).get("newest", {}).get(channel, 0))


def _fresh_proof(channels: Sequence[str]) -> Item:
    return {"typed": list(channels), "tries_left": TRIES, "proven": [], "codes": [], "sends": 0}
