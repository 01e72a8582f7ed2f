"""What the state machine sends to a step, and what it needs back: ids, enums and counts only."""

from pydantic import BaseModel, ConfigDict


class StepInput(BaseModel):
    """Which request, and in which run of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    request_id: str
    run: int


class WaitInput(StepInput):
    """A step that waits: the token to answer with, and for how many seconds the state will wait."""

    task_token: str
    seconds: float


class StoreWaitInput(WaitInput):
    """A step that waits for what a store answers later."""

    store: str


class StoreFailureInput(StepInput):
    """A store that failed, and the class of the error that ended its work."""

    store: str
    error: str
