"""The work of the stores as a table: counts, the check that they add up, what failed, what may be tried again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from operator_api.console.times import brief, day
from operator_api.console.words import OPERATION, TASK, TASK_MARK, TASK_TONE, say
from rights.domain.work import Counts

COUNTS = ("found", "exported", "erased", "anonymised", "retained", "corrected", "conflicts", "flagged")
_COUNTS_OF = {
    "export": ("found", "exported"),
    "erase": ("found", "erased", "anonymised", "retained"),
    "correct": ("found", "corrected", "conflicts"),
    "restrict": ("found", "flagged"),
}
"""What is counted of each operation."""
_SUM = {
    "export": ("exported",),
    "erase": ("erased", "anonymised", "retained"),
    "correct": ("corrected", "conflicts"),
    "restrict": ("flagged",),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One store's work."""

    store: str
    operation: str
    stage: int
    status: str
    words: str
    mark: str
    tone: str
    counts: tuple[int | None, ...]
    check: str
    """`adds up`, or what does not; empty while the work is not done, and where nothing is counted."""
    mismatch: bool
    error: str
    kept: tuple[str, ...]
    verified: str
    recipient: str
    late_rounds: int
    can_retry: bool
    can_take_back: bool

    @property
    def needs_somebody(self) -> bool:
        """True where the row is what somebody looks for first."""
        return self.mismatch or self.status == "failed"


@dataclass(frozen=True, slots=True)
class Work:
    """The whole table."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    totals: tuple[int, ...]
    done: int
    failed: int
    mismatches: int


def work(tasks: Sequence[Mapping[str, Any]], grounds: Mapping[int, str]) -> Work:
    """The table of a request's tasks: what needs somebody first, then by stage and name."""
    shown = {column for task in tasks for column in _COUNTS_OF.get(str(task["operation"]), ())}
    columns = tuple(name for name in COUNTS if name in shown)
    rows = [_row(task, columns, grounds) for task in tasks]
    rows.sort(key=lambda row: (not row.needs_somebody, row.stage, row.store))
    return Work(
        columns=columns,
        rows=tuple(rows),
        totals=tuple(sum(int(task.get(name, 0)) for task in tasks) for name in columns),
        done=sum(row.status == "done" for row in rows),
        failed=sum(row.status == "failed" for row in rows),
        mismatches=sum(row.mismatch for row in rows),
    )


def _row(task: Mapping[str, Any], columns: Sequence[str], grounds: Mapping[int, str]) -> Row:
    status, operation = str(task["status"]), str(task["operation"])
    counted = _COUNTS_OF.get(operation, ())
    check = _check(task, operation) if status == "done" and counted and not task.get("recipient") else ""
    return Row(
        store=str(task["store"]),
        operation=say(OPERATION, operation),
        stage=int(task["stage"]),
        status=status,
        words=say(TASK, status),
        mark=TASK_MARK.get(status, "?"),
        tone=TASK_TONE.get(status, "run"),
        counts=tuple(int(task.get(name, 0)) if name in counted else None for name in columns),
        check=check,
        mismatch=bool(check) and check != "adds up",
        error=str(task.get("error_class") or ""),
        kept=tuple(_kept(one, grounds) for one in task.get("kept", ())),
        verified=brief(task.get("verified_at")) if task.get("verified_at") else "",
        recipient=_recipient(task.get("recipient") or {}),
        late_rounds=int(task.get("late_rounds", 0)),
        can_retry=status == "failed",
        can_take_back=bool(task.get("recipient")) and status == "waiting",
    )


def _check(task: Mapping[str, Any], operation: str) -> str:
    """Whether found = erased + anonymised + kept, or found = exported; else both sides of what should be equal."""
    if Counts.from_dict(dict(task)).adds_up:
        return "adds up"
    names = _SUM[operation]
    total = sum(int(task.get(name, 0)) for name in names)
    return f"found {int(task['found'])}, but {' + '.join(names)} = {total}"


def _kept(one: Mapping[str, Any], grounds: Mapping[int, str]) -> str:
    ground = grounds.get(int(one["ground"]), f"ground {one['ground']}")
    return f"{one['records']} until {day(str(one['until']))}: {ground}"


def _recipient(told: Mapping[str, Any]) -> str:
    """What a partner said, in its own word."""
    if not told:
        return ""
    asked, answer = told.get("asked_at"), told.get("answer")
    expected = told.get("expected_at")
    parts = [f"asked {brief(asked)}"] if asked else []
    parts += [f"answer expected by {brief(expected)}"] if expected and not answer else []
    parts += [f"says {str(answer).replace('_', ' ')}"] if answer else []
    return ", ".join(parts)
