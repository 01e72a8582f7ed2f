"""The work on a partner's task: ask once, then look again with growing pauses until it answers or the time is up.

The id of the request is recorded before it is sent, so that a worker that dies in between asks under the same one. What
goes wrong at the partner's end fails nothing here: it is noted, and tried again at the next look.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

from rights.clock import Clock, parse, stamp
from rights.datamap.model import StoreMap
from rights.datamap.partners import STANDARD_TYPES, Partner, SharedIdentity
from rights.domain.identity import KeySet, hash_of
from rights.domain.recipients import FINAL, Answer, Chase, Patience, chase, goes_on
from rights.domain.rights import Operation, Right
from rights.domain.work import Counts, TaskStatus
from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.ledger.model import Request, Task
from rights.stores.contract import File, Page
from rights.stores.opendsr.handing_over import file_of, record_of
from rights.stores.opendsr.messages import Reported, request_body
from rights.stores.opendsr.processor import Processor
from rights.stores.works.doing import Done, Parts, ReadBack, Tools

PROMPT = timedelta(seconds=5)
"""Whoever will be done so soon is asked once more at once, which spares a wait."""

_TYPES: dict[Operation, str] = {Operation.ERASE: "erasure", Operation.EXPORT: "access"}
_UNDERSTOOD: dict[Operation, str] = {Operation.CORRECT: "correct", Operation.RESTRICT: "restrict"}
_REGULATIONS = {"EU": "gdpr", "UK": "gdpr", "US-CA": "ccpa"}


class Word(Protocol):
    """What a partner told by itself (`rights.ledger.recipients.Told`)."""

    @property
    def status(self) -> str | None:
        """A status of OpenDSR 2.0."""
        ...

    @property
    def results_count(self) -> int | None:
        """How many records it counted."""
        ...

    @property
    def is_final(self) -> bool:
        """True for its last word."""
        ...

    @property
    def is_unwanted(self) -> bool:
        """True once we want the request back."""
        ...


class AskingLedger(Protocol):
    """What asking needs of the ledger besides the task."""

    def get(self, request_id: str) -> Request:
        """The request as it is now."""
        ...

    def tasks(self, request_id: str) -> list[Task]:
        """All tasks of the request."""
        ...

    def private(self, request_id: str, part: str) -> Any:
        """A sealed part of the request, opened."""
        ...

    def will_ask(self, task: Task, due_at: str) -> Task:
        """Record under which id the partner is about to be asked."""
        ...

    def told(self, request_id: str, store: str) -> Word:
        """What the partner told by itself."""
        ...

    def recipient_noted(self, request_id: str, store: str, code: str, *, is_alarming: bool = False) -> None:
        """Add to the history what became of a partner, and ask an operator to look where that is needed."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What asking works with: the store and its partner, the ledger, the patience, where callbacks go, the time."""

    store: StoreMap
    processor: Processor
    ledger: AskingLedger
    patience: Patience
    callbacks: str
    """Address of the callbacks, without the id at its end."""
    clock: Clock

    @property
    def partner(self) -> Partner:
        """The partner as it is registered."""
        return self.processor.partner


class Asking:
    """One task of one partner; it has one collection, whose one page is the partner's answer."""

    reads_back = False

    def __init__(self, tools: Tools, around: Surroundings) -> None:
        self._parts: Parts = tools.parts
        self._around = around
        self._ledger = around.ledger

    def found(self, keys: KeySet) -> Mapping[str, int]:
        """Unknown: a partner's records are its own."""
        del keys
        return {}

    def read_page(self, task: Task, keys: KeySet, name: str) -> ReadBack:
        """Nothing of ours can look there."""
        del task, keys, name
        return ReadBack(0)

    def again(self, task: Task) -> Task:
        """There is no other round."""
        return task

    def do_page(self, task: Task, keys: KeySet, name: str) -> tuple[Task, Done]:
        """Go one step on with the partner: ask, look, take back, or end with what it answered."""
        if "answer" in task.recipient:
            return task, Done(Counts())
        request = self._ledger.get(task.request_id)
        try:
            if "id" not in task.recipient:
                why_not = self._why_not(request, task, keys)
                if why_not is not None:
                    return _answered(task, why_not), Done(Counts())
                begun = {"id": str(uuid.uuid4()), "began_at": task.recipient.get("began_at", self._now())}
                task = self._ledger.will_ask(_noted(task, **begun), request.due_at)
            task, reported = self._step(request, task, keys)
            if reported is not None:
                return self._end(request, task, name, reported)
        except (StoreUnavailableError, StoreRefusedError) as error:
            return self._wait(request, task, name, str(error))
        return self._wait(request, task, name)

    def _why_not(self, request: Request, task: Task, keys: KeySet) -> Answer | None:
        """Why this partner is not asked at all, if it is not."""
        if task.refused is not None:
            return Answer.LEFT_OUT
        if self._ledger.told(task.request_id, task.store).is_unwanted:
            return Answer.CANCELLED
        wanted = _UNDERSTOOD.get(task.operation)
        if wanted is not None and wanted not in self._around.partner.understands:
            return Answer.NOT_SUPPORTED
        if not any(keys.of_kind(identity.key) for identity in self._around.partner.identities):
            return Answer.NOTHING_SHARED
        discovery = self._around.processor.discovery()
        known = {(one.identity_type, one.identity_format) for one in discovery.supported_identities}
        takes = [one for one in self._shared(keys) if one.type not in STANDARD_TYPES or (one.type, one.format) in known]
        asks_for = _type(request, task)
        return None if takes and asks_for in discovery.supported_subject_request_types else Answer.NOT_SUPPORTED

    def _shared(self, keys: KeySet) -> list[SharedIdentity]:
        return [one for one in self._around.partner.identities if keys.of_kind(one.key)]

    def _step(self, request: Request, task: Task, keys: KeySet) -> tuple[Task, Reported | None]:
        """One exchange with the partner; what it reported, if that is the end of it."""
        processor, request_id = self._around.processor, task.recipient["id"]
        told = self._ledger.told(task.request_id, task.store)
        if told.status is not None and told.is_final:
            return task, _reported(request_id, told.status, told.results_count)
        is_new = "asked_at" not in task.recipient
        if is_new:
            expected = processor.submit(self._request(request, task, keys))
            task = _noted(task, asked_at=self._now(), expected_at=stamp(expected), promised_at=stamp(expected))
        elif self._is_to_be_reminded(task):
            processor.submit(self._request(request, task, keys, reminder=True))
            task = _noted(task, reminded_at=self._now())
        if told.is_unwanted and "kept_by_it" not in task.recipient:
            if processor.cancel(request_id):
                return task, _reported(request_id, "cancelled")
            task = _noted(task, kept_by_it=True)
        if is_new and parse(task.recipient["expected_at"]) > self._around.clock() + PROMPT:
            return task, None
        reported = processor.status(request_id)
        if reported is None:
            # It lost what it had taken; the same again is the same request.
            expected = processor.submit(self._request(request, task, keys))
            return _noted(task, asked_at=self._now(), expected_at=stamp(expected)), None
        if not goes_on(told.status, reported.request_status):
            return task, None
        task = _noted(task, expected_at=reported.expected_at or task.recipient.get("expected_at"))
        return task, reported if reported.request_status in FINAL else None

    def _is_to_be_reminded(self, task: Task) -> bool:
        expected = task.recipient.get("promised_at")
        over = expected is not None and parse(expected) <= self._around.clock()
        return over and "reminder" in self._around.partner.understands and "reminded_at" not in task.recipient

    def _request(self, request: Request, task: Task, keys: KeySet, *, reminder: bool = False) -> dict[str, Any]:
        """What is sent: identifiers of the registered kinds only, and the date by which we must answer ourselves."""
        partner = self._around.partner
        sent = [
            {"identity_type": one.type, "identity_value": _in_form(value, one.format), "identity_format": one.format}
            for one in partner.identities
            for value in keys.of_kind(one.key)
        ]
        others = [one for one in sent if one["identity_type"] not in STANDARD_TYPES]
        extension: dict[str, Any] = {
            "right": request.right.value,
            "jurisdiction": request.jurisdiction,
            "policy_version": request.policy_version,
            "respond_by": request.work_by or request.due_at,
            **({"identities": others} if others else {}),
            **({"purposes": list(task.purposes)} if task.operation is Operation.RESTRICT else {}),
            **({"changes": self._changes(task)} if task.operation is Operation.CORRECT else {}),
            **({"reminder": True} if reminder else {}),
        }
        return request_body(
            host=partner.host,
            subject_request_id=task.recipient["id"],
            asked_for=_type(request, task),
            regulation=_REGULATIONS.get(request.jurisdiction, partner.regulation),
            received_at=parse(request.received_at),
            callback_url=f"{self._around.callbacks}/{task.recipient['id']}",
            identities=[one for one in sent if one["identity_type"] in STANDARD_TYPES],
            extension=extension,
        )

    def _changes(self, task: Task) -> dict[str, str]:
        """The new values of what the map says that this partner holds, and of nothing else."""
        changes: dict[str, dict[str, str]] = self._ledger.private(task.request_id, "changes") or {}
        held = {f.rights.correction for c in self._around.store.collections for f in c.fields if f.rights.correction}
        return {subject: change["to"] for subject, change in changes.items() if subject in held}

    def _end(self, request: Request, task: Task, name: str, reported: Reported) -> tuple[Task, Done]:
        """The partner's last word: on record, and on an access in the package with what it handed over."""
        if reported.request_status == "cancelled":
            unwanted = self._ledger.told(task.request_id, task.store).is_unwanted
            return self._without(task, name, Answer.CANCELLED if unwanted else Answer.DECLINED)
        done = _answered(task, Answer.CONFIRMED, results_count=reported.results_count, confirmed_at=self._now())
        if task.operation is not Operation.EXPORT:
            return done, Done(Counts())
        try:
            return done, self._written(done, name, self._files(task, reported))
        except (StoreUnavailableError, StoreRefusedError):
            if not self._chase(request, task).is_over:
                raise
            # What it found stays with it: our own answer cannot wait for that any more.
            return done, self._written(done, name, [])

    def _without(self, task: Task, name: str, answer: Answer) -> tuple[Task, Done]:
        """The end without the partner; on an access the person reads so in the package."""
        task = _answered(task, answer)
        return task, self._written(task, name, []) if task.operation is Operation.EXPORT else Done(Counts())

    def _files(self, task: Task, reported: Reported) -> list[File]:
        if self._around.partner.results != "hand_over" or reported.results_count == 0:
            return []
        # A callback does not keep the address: it may open the data to whoever has it.
        known = reported if reported.results_url else self._around.processor.status(task.recipient["id"])
        url = known.results_url if known else None
        return [file_of(self._around.processor, url)] if url else []

    def _written(self, task: Task, name: str, files: list[File]) -> Done:
        page = Page([record_of(self._around.store, task, handed_over=bool(files))], None, files)
        self._parts.write(f"{task.request_id}/{task.store}/{name}", 0, page, 0)
        return Done(Counts(exported=1))

    def _wait(self, request: Request, task: Task, name: str, error: str = "") -> tuple[Task, Done]:
        """Wait for the next look, or, when the time is up, end without the partner."""
        task = _noted(task, began_at=task.recipient.get("began_at", self._now()), error=error or None)
        found = self._chase(request, task)
        if found.is_over:
            self._ledger.recipient_noted(task.request_id, task.store, "recipient_not_answered", is_alarming=True)
            return self._without(task, name, Answer.NOT_ANSWERED)
        looks = int(task.recipient.get("looks", 0)) + 1
        seconds = 0 if self._is_in_the_way(task) else found.seconds
        return _noted(task, looks=looks, **self._warned(task, found, error)), Done(Counts(), wait=seconds)

    def _is_in_the_way(self, task: Task) -> bool:
        """True where a store of the mall failed: its repair begins when all branches have ended, so this one does."""
        return any(one.status is TaskStatus.FAILED for one in self._ledger.tasks(task.request_id))

    def _chase(self, request: Request, task: Task) -> Chase:
        # Its first word: one that says "in an hour" each time would be looked at each hour.
        expected = task.recipient.get("promised_at")
        legal = parse(request.due_at)
        return chase(
            began=parse(task.recipient.get("began_at", self._now())),
            expected=parse(expected) if expected else None,
            internal=parse(request.work_by) if request.work_by else legal,
            legal=legal,
            looks=int(task.recipient.get("looks", 0)),
            now=self._around.clock(),
            patience=self._around.patience,
        )

    def _warned(self, task: Task, found: Chase, error: str) -> dict[str, Any]:
        """What somebody of ours is told of, once each: a signature that is none, a promise broken, our date near."""
        untrusted = error in {"not_signed", "certificate_refused", "certificate_not_registered"}
        warnings = {
            "untrusted_at": ("recipient_untrusted", untrusted, True),
            "overdue_at": ("recipient_overdue", found.is_overdue, False),
            "alarmed_at": ("recipient_silent", found.is_alarming, True),
        }
        facts = {}
        for name, (code, holds, is_alarming) in warnings.items():
            if holds and name not in task.recipient:
                self._ledger.recipient_noted(task.request_id, task.store, code, is_alarming=is_alarming)
                facts[name] = self._now()
        return facts

    def _now(self) -> str:
        return stamp(self._around.clock())


def _noted(task: Task, **facts: Any) -> Task:
    known = task.recipient | facts
    return replace(task, recipient={name: value for name, value in known.items() if value is not None})


def _type(request: Request, task: Task) -> str:
    """What OpenDSR has a word for; the rest goes as an access, which changes nothing where it is not understood."""
    if task.operation is Operation.EXPORT and request.right is Right.PORTABILITY:
        return "portability"
    return _TYPES.get(task.operation, "access")


def _answered(task: Task, answer: Answer, **facts: Any) -> Task:
    return _noted(task, answer=answer.value, error=None, **facts)


def _reported(subject_request_id: str, status: str, count: int | None = None) -> Reported:
    return Reported.model_validate(
        {"subject_request_id": subject_request_id, "request_status": status, "results_count": count}
    )


def _in_form(value: str, form: str) -> str:
    return value if form == "raw" else hash_of(value, form)
