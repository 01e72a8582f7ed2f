"""What Fides defines of a dataset file, as Fides reads it; our own keys beside it are in `model`.

Source: Fideslang, `fideslang.models.Dataset`.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator


class Fides(BaseModel):
    """A level that Fides defines: extra keys are Fides' business, and its tools write `null` for what is not set.

    `fidesops_meta` is what `fides_meta` was called before.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _as_fides_reads_it(cls, raw: object) -> object:
        if not isinstance(raw, dict):
            return raw
        given = {name: value for name, value in raw.items() if value is not None}
        if "fidesops_meta" in given:
            given.setdefault("fides_meta", given["fidesops_meta"])
        return given


class Ours(BaseModel):
    """A level that we define: extra keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reference(Fides):
    """A field of this collection points at, or is pointed at by, a field of another: `field` is `collection.field`."""

    dataset: str
    field: str
    direction: Literal["from", "to"] | None = None

    @property
    def place(self) -> str:
        """The field that is meant, as `dataset.collection.field`."""
        return f"{self.dataset}.{self.field}"


class FidesMeta(Fides):
    """Fides' own hints on a field."""

    primary_key: bool = False
    identity: str | None = None
    references: tuple[Reference, ...] = ()
    data_type: str | None = None
    """`string`, `integer`, `object`, `string[]` and so on; ours also know `number`, `boolean`, `date`, `datetime`."""


class CollectionMeta(Fides):
    """Fides' own hints on a collection: both name `dataset.collection`s that come before this one."""

    after: tuple[str, ...] = ()
    erase_after: tuple[str, ...] = ()


class DatasetMeta(Fides):
    """Fides' own hints on a dataset: the datasets that come before this one."""

    after: tuple[str, ...] = ()
