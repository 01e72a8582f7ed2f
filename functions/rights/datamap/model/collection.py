"""A collection, and what the rights do to it."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal, Self

from pydantic import model_validator

from rights.datamap.fides import CollectionMeta, Fides, Ours
from rights.datamap.model.access import CognitoAccess, DynamoAccess, LakeAccess, ObjectAccess
from rights.datamap.model.fields import Field
from rights.datamap.model.terms import RetainWhen, Retention, Storage
from rights.domain.identity import Kind
from rights.domain.rights import Purpose
from rights.domain.work import Disposition


class Flag(Ours):
    """What is set in the person's records so that a use of their data stops."""

    purposes: tuple[Purpose | Literal["all"], ...] = ()
    """The uses that this flag stops; `all` is the restriction of processing as such."""
    row: str | None = None
    """DynamoDB: the sort key of the item that carries the flag, made where it is missing. Without: every record."""
    set: dict[str, Any]
    """Field to value."""
    stamp: str
    """The field that tells since when."""


class CollectionRights(Ours):
    """What the rights do to one collection."""

    purpose: str
    legal_basis: str
    recipients: tuple[str, ...] = ()
    on_deletion: Disposition = Disposition.ERASE
    """What happens to a record that nothing keeps: erase or anonymise."""
    retention: Retention | None = None
    """While it runs a record is kept: retained as it is, or, with `anonymise_kept`, anonymised and counted so."""
    storage: Storage | None = None
    """How long a record is kept anyway (Article 15(1)(d) GDPR); without it, `retention` says so."""
    anonymise_kept: bool = False
    """True: a record under retention has its `on_deletion` fields emptied and counts as anonymised, not as retained."""
    retain_when: tuple[RetainWhen, ...] = ()
    third_party: Literal["review"] | None = None
    """`review`: free text or recordings in which others may be named; looked through before an export, never masked."""
    source: str = ""
    """Where the data comes from, in words (Article 15(1)(g) GDPR)."""
    third_party_unless: str | None = None
    """Name of the field that tells whose record it is: its value in the key set means the requester's own."""
    dynamodb: tuple[DynamoAccess, ...] = ()
    """One access path per key field: by partition key, and by index for look-ups."""
    objects: ObjectAccess | None = None
    lake: LakeAccess | None = None
    cognito: CognitoAccess | None = None
    scope: bool = False
    """True: an access or deletion may be asked for this collection alone, by its name (policy 5(1))."""
    flags: tuple[Flag, ...] = ()

    def flags_for(self, purposes: Iterable[str]) -> tuple[Flag, ...]:
        """The flags that stop one of these uses."""
        wanted = set(purposes)
        return tuple(flag for flag in self.flags if wanted & {str(purpose) for purpose in flag.purposes})


class Collection(Fides):
    """One table, or one family of objects."""

    name: str
    description: str = ""
    data_categories: tuple[str, ...] = ()
    """Of every field, besides its own."""
    fields: tuple[Field, ...] = ()
    after: tuple[str, ...] = ()
    """`dataset.collection`s that are worked on before this one; what `fides_meta` says of it is in here too."""
    fides_meta: CollectionMeta = CollectionMeta()
    rights: CollectionRights

    @model_validator(mode="after")
    def _comes_after(self) -> Self:
        named = (*self.after, *self.fides_meta.after, *self.fides_meta.erase_after)
        object.__setattr__(self, "after", tuple(dict.fromkeys(named)))
        return self

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The names of the fields that make the primary key, in order."""
        return tuple(f.name for f in self.fields if f.fides_meta.primary_key)

    def field(self, name: str) -> Field:
        """The field of this name; KeyError without one."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def hashes_of(self, kind: Kind, form: str) -> Iterator[Field]:
        """The fields that hold hashes of this form of contacts of this kind."""
        for candidate in self.fields:
            hashes = candidate.rights.hash_of
            if hashes and hashes.format == form and self.field(hashes.field).rights.key is kind:
                yield candidate

    def fields_about(self, subjects: Iterable[str]) -> tuple[Field, ...]:
        """The fields that a correction of one of these subjects changes."""
        wanted = set(subjects)
        return tuple(f for f in self.fields if f.rights.correction in wanted)
