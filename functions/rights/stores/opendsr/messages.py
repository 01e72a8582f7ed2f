"""What goes over the wire, by the names of OpenDSR 2.0; what partners send besides is let be, and never repeated."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from rights.clock import stamp
from rights.errors import StoreRefusedError

Status = Literal["pending", "in_progress", "completed", "cancelled"]
_Word = Annotated[str, Field(max_length=200)]
M = TypeVar("M", bound=BaseModel)


class _Theirs(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Identity(_Theirs):
    """A kind of identifier and its form."""

    identity_type: _Word
    identity_format: _Word


class Discovery(_Theirs):
    """What a partner says of itself (section 6.3)."""

    api_version: _Word
    supported_identities: tuple[Identity, ...] = Field(max_length=100)
    supported_subject_request_types: tuple[_Word, ...] = Field(max_length=20)
    processor_certificate: Annotated[str, Field(max_length=2000)]


class Accepted(_Theirs):
    """The answer to a request (section 7.3)."""

    subject_request_id: _Word
    expected_completion_time: AwareDatetime
    encoded_request: str = ""


class Cancelled(_Theirs):
    """The answer to a cancellation (section 9.2)."""

    subject_request_id: _Word


class Reported(_Theirs):
    """How a request stands (section 8.3)."""

    subject_request_id: _Word
    request_status: Status
    expected_completion_time: AwareDatetime | None = None
    results_url: Annotated[str, Field(max_length=2000)] | None = None
    results_count: Annotated[int, Field(ge=0, le=10**12)] | None = None

    @property
    def expected_at(self) -> str | None:
        """When it will be done, as the ledger writes it."""
        return stamp(self.expected_completion_time) if self.expected_completion_time else None


class Callback(Reported):
    """The same, sent by the partner itself (section 8.6)."""

    status_callback_url: Annotated[str, Field(max_length=2000)]


def read(model: type[M], body: bytes) -> M:
    """A body as its model; StoreRefusedError for any other shape, without a word of it."""
    try:
        return model.model_validate_json(body)
    except (ValidationError, ValueError):
        raise StoreRefusedError("malformed") from None


def request_body(
    *, host: str, subject_request_id: str, asked_for: str, regulation: str, received_at: datetime, callback_url: str,
    identities: list[dict[str, str]], extension: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """A request as section 7.1 has it; what OpenDSR has no word for stands in the extension of the partner's domain."""
    return {
        "regulation": regulation,
        "subject_request_id": subject_request_id,
        "subject_request_type": asked_for,
        "subject_identities": identities,
        "submitted_time": received_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "api_version": "2.0",
        "status_callback_urls": [callback_url],
        "extensions": {host: dict(extension)},
    }
