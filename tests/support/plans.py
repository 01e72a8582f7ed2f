"""Plans as tests need them: what the planner found out, without its stores."""

from collections.abc import Sequence

from rights.ledger import Ledger, Request, Task
from rights.ledger.steps import LaidPlan


def lay(
    ledger: Ledger,
    request_id: str,
    tasks: Sequence[Task] = (),
    *,
    subjects: Sequence[str] = ("me",),
    known_as: Sequence[str] = (),
    plan: str = "hash",
    lock: str | None = None,
    work: str | None = None,
    review: str | None = None,
    confirm: str | None = None,
) -> Request:
    """Lay a plan, and have it looked at if it says so."""
    laid = LaidPlan(
        subjects=subjects,
        known_as=known_as,
        hash=plan,
        data_map="1",
        lock=lock or ledger.get(request_id).right.value,
        work=work,
        tasks=tasks,
        review=review,
        confirm=confirm,
    )
    ledger.lay_plan(request_id, laid)
    return ledger.begin_review(request_id)
