"""The page of a decision: the dry run, what is kept and why, who approved, and what each choice would do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operator_api.console.approvals import missing_in_words
from operator_api.console.desk import typed_number
from operator_api.console.words import OPERATION, REVIEW, RIGHT, say, some
from operator_api.people import Operator
from rights.clock import parse
from rights.domain.grounds import GROUNDS, POLICY_JURISDICTION, may_keep, may_refuse
from rights.domain.review import is_answered_by_operator, may_lack_authority
from rights.domain.rights import ERASING, EXPORTING, Locale, Operation, Requester, Right
from rights.notices.grounds import GROUND
from rights.notices.i18n import HTML_LANG
from rights.notices.render import Facts, Mail, mail, text_message

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Store:
    """One store of the dry run."""

    store: str
    operation: str
    stage: int
    records: int
    by_collection: tuple[tuple[str, int, str], ...]
    """Collection, records, and whether somebody has to look at it."""
    conflicts: tuple[str, ...]
    grounds: Options
    """On what it may be left out; none for what cannot be."""
    to_withhold: tuple[str, ...]
    """Collections of an export that may be withheld."""

    def opens(self, typed: Mapping[str, str]) -> bool:
        """Whether the choice of what to withhold is open: somebody has to look, or has chosen before."""
        chosen = any(typed.get(f"withhold.{self.store}/{name}") for name in self.to_withhold)
        return chosen or any(look for _, _, look in self.by_collection)


@dataclass(frozen=True, slots=True)
class Decide:
    """The page."""

    right: str
    is_complaint: bool
    why: str
    stores: tuple[Store, ...]
    records: int
    working: int
    """Stores in which something is done, without the freezing."""
    approvals: tuple[Mapping[str, Any] | None, ...]
    """The slots of the approvals, `None` for an open one."""
    missing: str
    """Who has to approve besides, in words."""
    blocked: tuple[str, ...]
    """What keeps this operator, or anybody, from approving, in words."""
    refusals: Options
    may_lack_authority: bool
    erases: bool

    @property
    def approve_words(self) -> str:
        """What the button does: "Approve deletion in 11 stores"."""
        return f"Approve {self.right.lower()} in {some(self.working, 'store')}"


def decide(plan: Mapping[str, Any], who: Operator) -> Decide:
    """The page, from the answer of the plan's door, for one operator."""
    right, requester = Right(plan["right"]), Requester(plan["requester"])
    stores = tuple(_store(one, right, who) for one in plan["stores"])
    needed, given = int(plan["approvals_needed"]), list(plan["approvals"])
    refusals = tuple(
        (str(ground.number), GROUND[ground.number])
        for ground in GROUNDS
        if may_refuse(ground.number, right, POLICY_JURISDICTION, by=who.uses_grounds_as, purposes=_purposes(plan))
    )
    return Decide(
        right=say(RIGHT, right),
        is_complaint=is_answered_by_operator(right),
        why=say(REVIEW, plan["review"]) if plan.get("review") else "",
        stores=stores,
        records=sum(one.records for one in stores),
        working=sum(one["operation"] != Operation.FREEZE for one in plan["stores"]),
        approvals=(*given, *([None] * (needed - len(given)))),
        missing=missing_in_words(plan),
        blocked=tuple(_blocked(plan, who, right, requester)),
        refusals=() if is_answered_by_operator(right) else refusals,
        may_lack_authority=may_lack_authority(requester, plan.get("review")),
        erases=right in ERASING,
    )


def _purposes(plan: Mapping[str, Any]) -> Collection[str]:
    return {purpose for one in plan["stores"] for purpose in one["purposes"]}


def _store(one: Mapping[str, Any], right: Right, who: Operator) -> Store:
    frozen = one["operation"] == Operation.FREEZE
    looked = set(one["to_review"])
    rows = tuple(
        (name, int(records), "look at it" if name in looked else "") for name, records in one["by_collection"].items()
    )
    return Store(
        store=str(one["store"]),
        operation=say(OPERATION, one["operation"]),
        stage=int(one["stage"]),
        records=int(one["records"]),
        by_collection=rows,
        conflicts=tuple(one["conflicts"]),
        grounds=() if frozen else _grounds(one, right, who),
        to_withhold=tuple(name for name, records, _ in rows if records) if right in EXPORTING else (),
    )


def _grounds(one: Mapping[str, Any], right: Right, who: Operator) -> Options:
    """The grounds on which this operator may leave a store out."""
    categories = {name for names in one["categories"].values() for name in names}
    found = []
    for ground in GROUNDS:
        may = (
            may_keep(ground.number, POLICY_JURISDICTION, by=who.uses_grounds_as, categories=categories)
            if right in ERASING
            else may_refuse(ground.number, right, POLICY_JURISDICTION, by=who.uses_grounds_as, purposes=one["purposes"])
        )
        if may:
            found.append((str(ground.number), GROUND[ground.number]))
    return tuple(found)


def _blocked(plan: Mapping[str, Any], who: Operator, right: Right, requester: Requester) -> list[str]:
    """In the order in which the door looks."""
    found = []
    if plan.get("held") and right in ERASING:
        found.append("A legal hold stands on this person: nothing is erased before it is lifted.")
    if plan.get("evidence_missing"):
        kinds = ", ".join(str(kind).replace("_", " ") for kind in plan["evidence_missing"])
        found.append(f"Evidence is missing: {kinds}. Ask the person for it.")
    if requester is not Requester.SELF and int(plan.get("accounts") or 1) > 1:
        found.append("The plan reached two accounts, and papers speak for one person: refuse it.")
    if any(one["by"] == who.id for one in plan["approvals"]):
        found.append("You have approved this. Another operator has to approve it too.")
    if plan.get("filed_by") == who.id:
        found.append("You took this request in. Another operator has to decide on it.")
    if plan["approvals_missing"] == 1 and plan["approver_missing"] and not who.is_approver:
        found.append("One of the two who approve has to be an approver.")
    return found


@dataclass(frozen=True, slots=True)
class Preview:
    """What the person will get, in their language."""

    language: str
    mail: Mail
    sms: str
    own: str = ""
    """What the operator wrote, as it will be shown."""


def preview(kind: str, request: Mapping[str, Any], *, ground: int | None = None, own: str = "") -> Preview:
    """The notice that follows from a decision, as it goes out; of the page's link only its place is shown."""
    locale = Locale(request.get("locale") or Locale.KM)
    due: datetime = parse(str(request["due_at"]))
    facts = Facts(
        reference=str(request["reference"]),
        due_at=due,
        link="…",
        stop_link="…",
        ground=ground,
        case=str(request["right"]),
    )
    return Preview(HTML_LANG[locale], mail(kind, locale, facts), text_message(kind, locale, facts), own)


def told(decision: str, *, part: bool) -> str:
    """The kind of notice a decision leads to, at once or once the work is done."""
    kinds = {"refuse": "refused", "ask": "question", "answer": "answered"}
    return kinds.get(decision, "completed_in_part" if part else "completed")


def body_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The JSON of a decision, from the fields of its form; numbers that are none are left for the door to refuse."""
    decision = form.get("decision", "")
    body: dict[str, Any] = {"decision": decision}
    if form.get("version"):
        body["version"] = typed_number(form["version"])
    if decision == "approve":
        body |= {"plan": form.get("plan", ""), "without": _without(form), "withhold": _withhold(form)}
    if decision == "refuse" and form.get("ground") != "authority":
        body["ground"] = typed_number(form.get("ground", ""))
    if decision in {"ask", "answer"}:
        body["text"] = form.get("text", "")
    return body


def _without(form: Mapping[str, str]) -> list[dict[str, Any]]:
    stores = [name.removeprefix("leave.") for name, value in form.items() if name.startswith("leave.") and value]
    return [
        {"store": store, "ground": typed_number(form[f"leave.{store}"])}
        | ({"until": form[f"until.{store}"]} if form.get(f"until.{store}") else {})
        for store in stores
    ]


def _withhold(form: Mapping[str, str]) -> list[dict[str, Any]]:
    found = []
    for name, value in form.items():
        if name.startswith("withhold.") and value:
            store, _, collection = name.removeprefix("withhold.").partition("/")
            found.append({"store": store, "collection": collection, "ground": typed_number(value)})
    return found


def effect(body: Mapping[str, Any], page: Decide) -> str:
    """The button of the last step, named after what it does."""
    match body["decision"]:
        case "approve":
            left: Sequence[Any] = body["without"]
            kept = f", without {len(left)}" if left else ""
            held = f", {some(len(body['withhold']), 'collection')} withheld" if body["withhold"] else ""
            return f"{page.approve_words}{kept}{held}"
        case "refuse":
            ground = body.get("ground")
            return f"Refuse {page.right.lower()}" + (f" on ground {ground}" if ground else " for want of authority")
        case "ask":
            return "Send this question"
        case _:
            return "Send this answer"
