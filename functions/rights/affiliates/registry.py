"""The register of affiliates: `registry.yaml` as a checked model.

An affiliate that is not in it may do nothing, whatever key it has. Source: DESIGN section 6.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rights.domain.affiliates import OFFERED, WORD_SUFFICES, Proof
from rights.domain.hosts import HOST
from rights.domain.rights import Right
from rights.errors import DataMapError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PACKAGED = Path(__file__).with_name("registry.yaml")

AFFILIATE_ID = r"^[a-z][a-z0-9-]{1,30}$"
AffiliateId = Annotated[str, Field(pattern=AFFILIATE_ID)]


class _Ours(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Affiliate(_Ours):
    """One affiliate, and what its contract says."""

    id: AffiliateId
    name: Annotated[str, Field(min_length=1, max_length=100)]
    rights: Annotated[dict[Right, Proof], Field(min_length=1)]
    """What it may ask for, and whether its word alone does or the person has to confirm."""
    ceiling: Annotated[int, Field(ge=0)]
    """So many requests a day are taken in without anybody looking at them first."""
    most: Annotated[int, Field(ge=1)]
    """So many requests a day are taken in at all."""
    callback_hosts: tuple[Annotated[str, Field(pattern=HOST, max_length=253)], ...] = ()
    """The only hosts that it is told at how its requests stand."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.ceiling > self.most:
            msg = "the brake (`ceiling`) comes before the end (`most`)"
            raise ValueError(msg)
        if not self.rights.keys() <= OFFERED:
            msg = "a right that no affiliate can ask for"
            raise ValueError(msg)
        if any(self.rights[right] is not Proof.ASSERTED for right in self.rights.keys() & WORD_SUFFICES):
            msg = "what only protects a person is done at an affiliate's word"
            raise ValueError(msg)
        return self


class _Register(_Ours):
    affiliates: tuple[Affiliate, ...]

    @model_validator(mode="after")
    def _is_unambiguous(self) -> Self:
        names = [one.id for one in self.affiliates]
        if len(set(names)) < len(names):
            msg = "two affiliates have this id"
            raise ValueError(msg)
        return self


Registry = dict[str, Affiliate]
"""Affiliates by their id."""


def load_registry(file: Path | None = None) -> Registry:
    """The affiliates of a file, by default of the packaged one (read once); DataMapError for one that is wrong."""
    return _packaged() if file is None else _read(file)


@cache
def _packaged() -> Registry:
    return _read(_PACKAGED)


def _read(file: Path) -> Registry:
    try:
        register = _Register.model_validate(yaml.load(file.read_bytes(), Loader=_LOADER))  # noqa: S506 - a safe loader
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        msg = f"{file.name}: {place}: {first['msg']}"
        raise DataMapError(msg) from None
    except yaml.YAMLError:
        msg = f"{file.name}: not YAML"
        raise DataMapError(msg) from None
    return {one.id: one for one in register.affiliates}
