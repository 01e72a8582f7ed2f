"""Settings: what each function reads from its environment, as typed models (a test holds them to the template)."""

import os
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

S = TypeVar("S", bound="Settings")


class Settings(BaseModel):
    """Settings of one function: each field is the lower-case name of an environment variable."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def load(model: type[S]) -> S:
    """Read a settings model from the environment; a missing variable fails at once, by name."""
    wanted = model.model_fields
    return model.model_validate({n: os.environ[n.upper()] for n in wanted if n.upper() in os.environ})


def only_locally(name: str) -> str | None:
    """A variable that the local cloud sets for all functions and that no template may set (a test holds that)."""
    return os.environ.get(name)


class LedgerSettings(Settings):
    """What every function that opens the ledger needs."""

    ledger_table: str
    seal_key_id: str
    secret_id: str
