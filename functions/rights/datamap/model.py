"""The shape of a data map file: a Fideslang dataset, plus our own keys under `rights` at each level.

Fideslang's keys are read as Fides has them (`fides_key`, `collections`, `fields`, `data_categories`, `fides_meta` with
`primary_key`, `identity`, `references`); unknown ones are let through. Our own keys are closed: a misspelt one is
refused. Source: Fideslang dataset schema; DESIGN section 5.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic import Field as Attribute

from rights.domain.identity import Identifies, Kind
from rights.domain.rights import Purpose
from rights.domain.work import Disposition

Subject = Literal["name", "email", "phone", "contact_phone", "address", "language", "birth_date"]
"""What a person may have corrected."""

Fact = Literal["birth_date", "contact_changed_at"]
"""What the rules of a request want to know about the person."""


class _Fides(BaseModel):
    """A level that Fides defines: extra keys are Fides' business, and its tools write `null` for what is not set."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, raw: object) -> object:
        return {k: v for k, v in raw.items() if v is not None} if isinstance(raw, dict) else raw


class _Ours(BaseModel):
    """A level that we define: extra keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reference(_Fides):
    """A field of this collection points at, or is pointed at by, a field of another: `field` is `collection.field`."""

    dataset: str
    field: str
    direction: Literal["from", "to"] | None = None


class FidesMeta(_Fides):
    """Fides' own hints on a field."""

    primary_key: bool = False
    identity: str | None = None
    references: tuple[Reference, ...] = ()
    data_type: str | None = None


class FieldRights(_Ours):
    """What the rights do to one field."""

    key: Kind | None = None
    """This field holds an identifier of this kind."""
    identifies: Identifies | None = None
    """`one`: extends the key set. `shared`: only ever selects rows that also carry another key of the set.

    `shared` without a `key` declares an edge that is never followed at all: a device, an address.
    """
    contact: bool = False
    """A one-time code may be sent to the value of this field."""
    consignee: bool = False
    """A person without an account, proven by this very contact, gets the rows that carry it, and only those."""
    on_deletion: Literal["keep", "null", "constant"] = "keep"
    """When the record is anonymised: keep the value, empty it, or put `constant` in its place."""
    constant: Any = None
    third_party: bool = False
    """Masked on export unless the record is the requester's own (`Collection.rights.third_party_unless`)."""
    secret: bool = False
    """Never exported: a password hash says nothing to the person and much to a thief."""
    sensitive: bool = False
    correction: Subject | None = None
    """What about the person this field repeats; a correction of it changes the field."""
    fact: Fact | None = None
    """What this field tells the rules of a request."""
    lapses: str | None = None
    """Code of the entitlement that this field counts and that ends with the account: `points`, `coupons`."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.key is not None and self.identifies is None:
            msg = "a `key` says how it `identifies`: one or shared"
            raise ValueError(msg)
        if self.key is None and self.identifies is Identifies.ONE:
            msg = "what identifies one person is a `key` of some kind"
            raise ValueError(msg)
        if self.contact and self.identifies is not Identifies.ONE:
            msg = "a code goes to the person's own `contact` only: it identifies one"
            raise ValueError(msg)
        if self.consignee and (self.key is None or self.identifies is not Identifies.SHARED):
            msg = "a `consignee` contact is a `key` that identifies as shared"
            raise ValueError(msg)
        return self


class Field(_Fides):
    """One field of a collection; nested fields are allowed and belong to their parent's value."""

    name: str
    description: str = ""
    data_categories: tuple[str, ...] = ()
    fides_meta: FidesMeta = FidesMeta()
    fields: tuple["Field", ...] = ()
    rights: FieldRights = FieldRights()


class Retention(_Ours):
    """How long records are kept against a deletion, and on which ground of policy 1(6).3."""

    period: str
    """ISO 8601: `P10Y`, `P24M`, `P90D`."""
    counted_from: str
    """The field (date or date-time) the period starts at."""
    ground: Annotated[int, Attribute(ge=1, le=11)]
    reason: str
    """Catalogue code of the sentence for the person."""
    source: str
    """The law or clause."""


class RetainWhen(_Ours):
    """Keep a record while a field (for objects: a tag) has this value, on a ground, for at most `period` from today."""

    field: str | None = None
    tag: str | None = None
    equals: str
    ground: Annotated[int, Attribute(ge=1, le=11)]
    period: str
    reason: str
    source: str


class DynamoAccess(_Ours):
    """How a DynamoDB collection is reached: its table, and the key field by which rows of a person are queried."""

    table: str
    query_by: str
    index: str | None = None
    item_prefix: str | None = None
    """Only items whose sort key begins so belong to the collection; several collections may share a table."""
    write_units: float | None = Attribute(default=None, gt=0)
    """Units of write capacity that one erasure may take from the table a second; without, as many as it gets."""


class ObjectAccess(_Ours):
    """How an object collection is reached: every object under the prefix, with `{account_id}` filled in."""

    bucket: str
    prefix: str


class CognitoAccess(_Ours):
    """How the users of a Cognito user pool are reached: by their username, which is the account id.

    Cognito makes the pool's id, and two pools may have one name, so the map names the parameter that holds the id.
    """

    user_pool: str
    """Name of the SSM parameter with the id of the pool."""


class Flag(_Ours):
    """What is set in the person's records so that a use of their data stops."""

    purposes: tuple[Purpose | Literal["all"], ...] = ()
    """The uses that this flag stops; `all` is the restriction of processing as such."""
    row: str | None = None
    """DynamoDB: the sort key of the item that carries the flag, made where it is missing. Without: every record."""
    set: dict[str, Any]
    """Field to value."""
    stamp: str
    """The field that tells since when."""


class CollectionRights(_Ours):
    """What the rights do to one collection."""

    purpose: str
    legal_basis: str
    recipients: tuple[str, ...] = ()
    on_deletion: Disposition = Disposition.ERASE
    """What happens to a record that nothing keeps: erase or anonymise."""
    retention: Retention | None = None
    """While it runs a record is kept: retained as it is, or, with `anonymise_kept`, anonymised and counted so."""
    anonymise_kept: bool = False
    """True: a record under retention has its `on_deletion` fields emptied and counts as anonymised, not as retained."""
    retain_when: tuple[RetainWhen, ...] = ()
    third_party_unless: str | None = None
    """Name of the field that tells whose record it is: its value in the key set means the requester's own."""
    dynamodb: tuple[DynamoAccess, ...] = ()
    """One access path per key field: by partition key, and by index for look-ups."""
    objects: ObjectAccess | None = None
    cognito: CognitoAccess | None = None
    scope: bool = False
    """True: an access or deletion may be asked for this collection alone, by its name (policy 5(1))."""
    flags: tuple[Flag, ...] = ()

    def flags_for(self, purposes: Iterable[str]) -> tuple[Flag, ...]:
        """The flags that stop one of these uses."""
        wanted = set(purposes)
        return tuple(flag for flag in self.flags if wanted & {str(purpose) for purpose in flag.purposes})


class Collection(_Fides):
    """One table, or one family of objects."""

    name: str
    description: str = ""
    fields: tuple[Field, ...] = ()
    after: tuple[str, ...] = ()
    rights: CollectionRights

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

    def fields_about(self, subjects: Iterable[str]) -> tuple[Field, ...]:
        """The fields that a correction of one of these subjects changes."""
        wanted = set(subjects)
        return tuple(f for f in self.fields if f.rights.correction in wanted)


class StoreRights(_Ours):
    """How a store is reached and who answers for it."""

    kind: Literal["dynamodb", "postgres", "objects", "lake", "cognito", "partner", "ledger"]
    stage: Annotated[int, Attribute(ge=1, le=9)]
    """Stores of a lower stage are worked on first; the identity spine is last."""
    freeze_stage: Annotated[int, Attribute(ge=1, le=9)] | None = None
    """A sign-in is shut at this stage, before anything is erased, and removed at its own."""
    controller: str
    residency: str
    role_arn: str = ""
    """The only role the connector assumes for this store; `${AccountId}` stands for the account it runs in."""
    secret: str | None = None
    """Name of the secret with the connection (PostgreSQL)."""
    auth: Literal["secret", "iam"] = "secret"
    """`iam`: the secret names host, database and user, and RDS takes a token of the role in place of a password."""
    rows_per_second: Annotated[int, Attribute(ge=1)] | None = None
    """How fast a PostgreSQL store may be worked on; without it, as fast as it goes."""

    @model_validator(mode="after")
    def _names_its_role(self) -> Self:
        if (self.kind == "ledger") == bool(self.role_arn):
            msg = "every store but the ledger, which is this system's own, names the `role_arn` it is reached by"
            raise ValueError(msg)
        return self


class PlainCollection(_Fides):
    """A collection as Fides alone describes it."""

    name: str
    description: str = ""
    fields: tuple[Field, ...] = ()


class PlainDataset(_Fides):
    """A Fides dataset without our keys: read and listed, but not worked on, since nothing says how it is reached."""

    fides_key: str
    name: str = ""
    description: str = ""
    collections: tuple[PlainCollection, ...]


class StoreMap(_Fides):
    """One store: a Fideslang dataset that also says, under `rights`, how it is reached."""

    fides_key: str
    name: str
    description: str = ""
    rights: StoreRights
    collections: tuple[Collection, ...]

    def collection(self, name: str) -> Collection:
        """The collection of this name; KeyError without one."""
        for candidate in self.collections:
            if candidate.name == name:
                return candidate
        raise KeyError(name)


class DataMap(_Ours):
    """All stores of a controller; `version` is a hash of the files, recorded on every request."""

    version: str
    stores: tuple[StoreMap, ...]
    described: tuple[PlainDataset, ...] = ()
    """Fides datasets without a `rights` key: nothing reaches them yet."""

    def store(self, name: str) -> StoreMap:
        """The store of this `fides_key`; KeyError without one."""
        for candidate in self.stores:
            if candidate.fides_key == name:
                return candidate
        raise KeyError(name)

    @property
    def stages(self) -> tuple[tuple[StoreMap, ...], ...]:
        """The stores grouped by stage, in the order of work."""
        numbers = sorted({store.rights.stage for store in self.stores})
        return tuple(tuple(s for s in self.stores if s.rights.stage == number) for number in numbers)
