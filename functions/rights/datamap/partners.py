"""How a partner is reached over OpenDSR 2.0, and what it may get to know: the key `partner` of its store."""

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rights.domain.hosts import HOST
from rights.domain.identity import Kind
from rights.domain.rights import Purpose

STANDARD_TYPES = frozenset(
    {
        *("controller_customer_id", "email", "android_advertising_id", "android_id", "fire_advertising_id"),
        *("ios_advertising_id", "ios_vendor_id", "microsoft_advertising_id", "microsoft_publisher_id"),
        *("roku_publisher_id", "roku_advertising_id"),
    }
)
"""The identity types of OpenDSR 2.0 section 5.1; any other travels in our extension."""


class _Ours(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SharedIdentity(_Ours):
    """One kind of identifier that this partner may get, and in which form."""

    key: Kind
    type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,63}$")]
    """The partner's name for it: one of OpenDSR's, or one of an extension such as `mobile_number`."""
    format: Literal["raw", "sha1", "md5", "sha256"] = "raw"


class Partner(_Ours):
    """A partner, registered: nothing is ever sent to another host, and no identifier of another kind."""

    host: Annotated[str, Field(pattern=HOST, max_length=253)]
    """Its OpenDSR domain: of the address, of the TLS certificate, and of the one it signs with."""
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    path: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._-]+)*$")] = ""
    """What its addresses begin with, such as `/v2`."""
    identities: Annotated[tuple[SharedIdentity, ...], Field(min_length=1)]
    regulation: Literal["gdpr", "ccpa"] = "gdpr"
    """Under which of the two regulations that OpenDSR knows it is asked, where the person's own law is neither."""
    understands: tuple[Literal["correct", "restrict", "reminder"], ...] = ()
    """What it reads in our extension beyond access, portability and erasure."""
    purposes: tuple[Purpose | Literal["all"], ...] = ()
    """The uses of the data that end with it, when a person takes them back; `all`: a restriction is told too."""
    secret: str | None = None
    """Name of the secret that lets us in: `token`, or `api_key` and `header`, or `certificate` and `private_key`."""
    certificate_sha256: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = ()
    """If given, only these certificates sign for it (SHA-256 of the DER form)."""
    results: Literal["theirs", "hand_over"] = "theirs"
    """What it found on access: it answers the person itself, or we fetch it from its own host into the package."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        names = [identity.type for identity in self.identities]
        if len(set(names)) < len(names):
            msg = "two identities have this type"
            raise ValueError(msg)
        if "restrict" in self.understands and not self.purposes:
            msg = "who understands `restrict` says for which `purposes`"
            raise ValueError(msg)
        return self

    def is_about(self, uses: Iterable[str]) -> bool:
        """Tell whether a use that stops has to do with this partner."""
        return bool({str(purpose) for purpose in self.purposes} & set(uses))
