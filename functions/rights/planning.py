"""The plan of a request: whose data it is, which stores hold it, in which order, and what has to come first."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from rights.asking import Facts, Stores
from rights.clock import parse
from rights.datamap.scope import tasks_for, to_review
from rights.domain.acting import is_child
from rights.domain.confirmation import Confirm, to_confirm
from rights.domain.cooling_off import seconds_to_cool_off
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.mall_time import MALL_TIME, today_in_the_mall
from rights.domain.review import Findings, reason_to_review
from rights.domain.rights import ERASING, EXPORTING, OPERATION_OF, Channel, Operation, Requester, Right
from rights.domain.status import PROVEN, Status
from rights.ledger import Ledger, Request, Task
from rights.ledger.steps import LaidPlan
from rights.looking_up import is_beside_the_file, look_up_hashes, settle_asserted, settle_attested
from rights.secrets_hmac import Hmac
from rights.settings import Settings

_AT_ONCE = 8
"""As many stores count side by side."""


class Plan(NamedTuple):
    """What the state machine does next with a request, and the stages it works through."""

    outcome: str
    """`ready`, `confirm`, `review`, or `ended` when there is nothing to work on any more."""
    stages: list[dict[str, Any]]
    cooling_seconds: int
    """How long to wait before what cannot be undone."""

    def to_dict(self) -> dict[str, Any]:
        """As the state machine reads it."""
        return self._asdict()


class PlanSettings(Settings):
    """What the plan needs besides the stores."""

    cooling_off_seconds: int


class Planner:
    """Lays plans."""

    def __init__(self, ledger: Ledger, stores: Stores, hmac: Hmac) -> None:
        self._ledger = ledger
        self._stores = stores
        self._hmac = hmac

    def lay(self, request: Request) -> None:
        """Resolve the person from what was proven, and lay one task per store down; a second call finds them laid.

        Only proven identifiers seed the search. More than one account reached means that two people may be mixed up, so
        a person looks first (DESIGN section 6).
        """
        self._settle_contacts(request)
        keys = self._stores.resolve(request.id, self._ledger.seeds(request))
        facts = self._stores.facts(request.id, keys)
        is_child = self._is_child(facts)
        self._ledger.put_private(request.id, "subject", self._subject(request, keys) | {"is_child": is_child})
        changes: dict[str, Any] = self._ledger.private(request.id, "changes") or {}
        tasks = self._with_dry_run(request, keys, self._tasks(request, changes), changes)
        # Whom a hash named that nobody has on file has no pseudonym: the request stands for itself.
        subjects = subjects_of(keys, self._hmac) or [self._hmac.tag_of("subject", "request", request.id)]
        known_as = pseudonyms_of(keys, self._hmac)
        what = what_of(request, self._tag("changes", changes))
        proof = self._tag("proof", {"contacts": self._ledger.proven_contacts(request.id), "of": sorted(subjects)})
        confirm = to_confirm(request.right, changes)
        if confirm is Confirm.CLOSURE:
            self._put_lapses(request, facts)
        # Whoever closes a service doubts nobody's word: only whose data it is, and what holds it, is looked at.
        by_mall = request.channel is Channel.BULK
        found = Findings(
            accounts=len(keys.accounts),
            is_attested=request.attested is not None,
            is_beside_the_file=is_beside_the_file(request, self._ledger),
            is_child=bool(is_child) and not by_mall,
            is_held=self._ledger.hold_on(known_as) is not None,
            corrected=tuple(changes),
            on_file=tuple(channel for channel, values in self._ledger.contacts_on_file(request.id).items() if values),
            days_on_file=None if by_mall else self._days_on_file(facts, subjects),
            # An affiliate's word proves no contact: whoever took one over may stand behind it.
            proven=() if request.is_asserted else self._proven(request, keys),
            is_braked=request.is_braked,
            records=sum(sum(task.preview.values()) for task in tasks),
            speaks_of_others=any(self._about_others(task) for task in tasks),
            is_refused_by_store=any(task.conflicts for task in tasks),
        )
        laid = LaidPlan(
            subjects=subjects,
            known_as=known_as,
            hash=plan_hash(request, tasks, self._tag("keys", keys.to_mapping())),
            data_map=self._stores.data_map.version,
            lock=lock_of(request, what, proof),
            work=work_of(request, what),
            tasks=tasks,
            review=reason_to_review(request.right, request.requester, found),
            confirm=confirm,
            accounts=len(keys.accounts),
        )
        self._ledger.lay_plan(request.id, laid)

    def _settle_contacts(self, request: Request) -> None:
        """Keep, of what others said of the person, what is on file; whoever an operator vouches for hears of it now."""
        look_up_hashes(request.id, self._ledger, self._stores)
        settle_asserted(request, self._ledger, self._stores)
        settle_attested(request, self._ledger, self._stores)
        if request.attested and request.is_first_of_case:
            self._ledger.acknowledge_intake(request.id)

    def _put_lapses(self, request: Request, facts: Facts) -> None:
        lapses = [{"what": what, "value": value} for what, value in facts.lapses]
        self._ledger.put_private(request.id, "lapses", lapses)

    def _about_others(self, task: Task) -> list[str]:
        """The collections with records that may be about somebody else too, and have to be looked at first."""
        return [name for name in to_review(self._stores.data_map, task.store) if task.preview.get(name)]

    def _subject(self, request: Request, keys: KeySet) -> dict[str, Any]:
        """Who it is; beside what somebody else typed of them and nobody has on file, which is told nothing."""
        subject = {"keys": keys.to_mapping()}
        if request.requester is Requester.SELF:
            return subject
        typed = {Identifier(Kind(kind), value) for kind, value in self._ledger.seeds(request).items()}
        unknown = {one for one in sorted(typed) if not self._stores.recognise(request.id, one)}
        return subject | {"on_file": KeySet(keys.values - unknown).to_mapping()}

    def _tag(self, purpose: str, value: Mapping[str, Any]) -> str:
        return self._hmac.tag_of(purpose, json.dumps(value, sort_keys=True))

    def _is_child(self, facts: Facts) -> bool | None:
        """Whether the person is aged 14 or under by the data; None where no store knows their age."""
        born = [day for day in map(_time, facts.birth_dates) if day is not None]
        if not born:
            return None
        today = date.fromisoformat(today_in_the_mall(self._ledger.clock()))
        return any(is_child(day.date(), today) for day in born)

    def _days_on_file(self, facts: Facts, subjects: Sequence[str]) -> int | None:
        """For how long the contacts have been as they are, by the mall or by a correction we made; None for ever.

        A change of which the time cannot be read counts as one of today.
        """
        now = self._ledger.clock()
        told = facts.contact_changed_at
        changes = [parse(at) for at in self._ledger.contact_corrections(subjects)]
        changes += [] if told is None else [_time(told) or now]
        return (now - max(changes)).days if changes else None

    def _proven(self, request: Request, keys: KeySet) -> tuple[str, ...]:
        """The channels of which everything on file was proven: a second number, proven besides, proves no other."""
        contacts = self._ledger.proven_contacts(request.id)
        return tuple(channel for channel, value in contacts.items() if set(keys.of_kind(Kind(channel))) <= {value})

    def _tasks(self, request: Request, subjects: Iterable[str]) -> list[Task]:
        operation = OPERATION_OF[request.right]
        if operation is None:
            return []
        reached = tasks_for(
            self._stores.data_map, request.right, scope=request.scope, subjects=subjects, purposes=request.purposes
        )
        tasks = []
        for store, collections in reached:
            task = Task(
                request_id=request.id,
                store=store.fides_key,
                kind=store.rights.kind,
                stage=store.rights.stage,
                operation=operation,
                collections=collections,
                purposes=request.purposes,
            )
            tasks.append(task)
            if operation is Operation.ERASE and store.rights.freeze_stage is not None:
                name, stage = f"{store.fides_key}.freeze", store.rights.freeze_stage
                tasks.append(replace(task, store=name, stage=stage, operation=Operation.FREEZE))
        return tasks

    def _with_dry_run(
        self, request: Request, keys: KeySet, tasks: Sequence[Task], changes: Mapping[str, Any]
    ) -> list[Task]:
        """The tasks with their counts; of a correction, also what each field holds now, which its write will expect."""
        if request.right is Right.CORRECTION:
            here = [task for task in tasks if task.kind != "partner"]  # nobody looks into a partner's records
            seen = {task.store: self._stores.seen(request.id, task.store, keys, changes) for task in here}
            self._ledger.put_private(request.id, "seen", seen)
            return [replace(task, preview=_by_collection(seen.get(task.store, ()))) for task in tasks]
        with ThreadPoolExecutor(_AT_ONCE) as counting:
            return list(counting.map(lambda task: self._counted(request, keys, task), tasks))

    def _counted(self, request: Request, keys: KeySet, task: Task) -> Task:
        if task.operation not in {Operation.EXPORT, Operation.ERASE} or task.kind == "partner":
            return task
        task = replace(task, preview=self._stores.count(request.id, task.store, keys, task.collections))
        if task.operation is not Operation.ERASE:
            return task
        return replace(task, conflicts=tuple(self.conflicts(request, keys, task)))

    def conflicts(self, request: Request, keys: KeySet, task: Task) -> list[str]:
        """What the store would refuse of this erasure, in the collections it is about."""
        found = self._stores.conflicts(request.id, task.store, keys, today_in_the_mall(self._ledger.clock()))
        return [one for one in found if not task.collections or one.partition(":")[0] in task.collections]

    def look_again(self, request: Request) -> None:
        """Ask the stores that would have refused something once more: an approval alone mends nothing."""
        tasks = [t for t in self._ledger.tasks(request.id) if t.conflicts and t.refused is None]
        if not tasks or not request.is_decided or request.status is not Status.IN_REVIEW:
            return
        keys = KeySet.from_mapping(self._ledger.private(request.id, "subject")["keys"])
        self._ledger.conflicts_stand(request.id, {task.store: self.conflicts(request, keys, task) for task in tasks})


def _time(text: str) -> datetime | None:
    """A time as a store of the mall has it, in the mall's own zone if it names none; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=MALL_TIME)


def plan_request(request_id: str, ledger: Ledger, stores: Stores, hmac: Hmac, settings: PlanSettings) -> Plan:
    """Lay the plan of a proven request, once, and say what comes next: asked again, it answers as the ledger stands."""
    request = ledger.join_case(request_id)
    if request.status in PROVEN and not request.is_final and request.plan is None:
        Planner(ledger, stores, hmac).lay(request)
    elif request.right in ERASING:
        Planner(ledger, stores, hmac).look_again(request)
    request = ledger.begin_review(request_id)
    until = parse(request.cooling_until) if request.cooling_until else None
    term = timedelta(seconds=settings.cooling_off_seconds)
    now = ledger.clock()
    seconds = seconds_to_cool_off(request.right, request.requester, request.status, until=until, now=now, term=term)
    return Plan(_outcome(request), _stages(ledger.tasks(request_id)), seconds)


def subjects_of(keys: KeySet, hmac: Hmac) -> list[str]:
    """The pseudonyms of the person: of each account, or of each proven contact where there is no account."""
    identifiers = [i for i in sorted(keys.values) if i.kind is Kind.ACCOUNT] or sorted(keys.values)
    return [hmac.tag_of("subject", i.kind.value, i.value) for i in identifiers]


def pseudonyms_of(keys: KeySet, hmac: Hmac) -> list[str]:
    """The pseudonyms of all identifiers of the person, by any of which a legal hold may name them."""
    return [hmac.tag_of("subject", i.kind.value, i.value) for i in sorted(keys.values)]


def plan_hash(request: Request, tasks: Sequence[Task], keys_tag: str) -> str:
    """What an approval names: a plan with other stores, collections, operations or keys has another hash."""
    work = [[t.store, str(t.operation), t.stage, list(t.collections), list(t.purposes)] for t in tasks]
    return hashlib.sha256(json.dumps([request.id, str(request.right), keys_tag, work]).encode()).hexdigest()


def what_of(request: Request, changes_tag: str) -> str:
    """What is asked for: the right, and what narrows it."""
    narrowed = [changes_tag] if request.right is Right.CORRECTION else sorted({*request.scope, *request.purposes})
    return "#".join([request.right.value, *narrowed])


def lock_of(request: Request, what: str, proof_tag: str) -> str:
    """Under what one request waits for its work to begin, and another that the same contacts proved joins it."""
    return f"{what}#{request.id if _stands_alone(request) else proof_tag}"


def work_of(request: Request, what: str) -> str | None:
    """What of a person is begun once, whichever contact proved it.

    Not an export: its result goes only to whoever proved.
    """
    return None if _stands_alone(request) or request.right in EXPORTING else what


def _stands_alone(request: Request) -> bool:
    """True for what joins no other, and no other joins.

    An affiliate may take its request back, an operator may refuse one that was attested; that one's own joins another's
    would tell a stranger of the other. Complaints are each their own.
    """
    by_another = request.is_at_anothers_word or request.affiliate is not None
    return by_another or request.right is Right.COMPLAINT


def _by_collection(seen: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in seen:
        counts[one["collection"]] = counts.get(one["collection"], 0) + 1
    return counts


def _outcome(request: Request) -> str:
    if request.is_final:
        return "ended"
    if not request.is_confirmed and request.may_be_confirmed:
        return "confirm"
    return "ready" if request.is_decided else "review"


def _stages(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    return [
        {"tasks": [{"store": task.store, "kind": task.kind} for task in tasks if task.stage == stage]}
        for stage in sorted({task.stage for task in tasks})
    ]
