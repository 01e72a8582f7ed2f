"""The shape of a data map file: a Fideslang dataset, plus our own keys under `rights` at each level.

Fideslang's keys are read as Fides has them (`fides_key`, `collections`, `fields`, `data_categories`, `fides_meta` with
`primary_key`, `identity`, `references`); unknown ones are let through. Our own keys are closed: a misspelt one is
refused. docs/datamap.md tells every key. Source: Fideslang dataset schema; DESIGN section 5.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field as Attribute
from pydantic import model_validator

from rights.datamap.fides import CollectionMeta, DatasetMeta, FidesMeta
from rights.datamap.fides import Fides as _Fides
from rights.datamap.fides import Ours as _Ours
from rights.datamap.partners import Partner
from rights.domain.identity import Identifies, Kind
from rights.domain.rights import Purpose
from rights.domain.work import Disposition

Subject = Literal["name", "email", "phone", "contact_phone", "address", "language", "birth_date"]
"""What a person may have corrected."""

Fact = Literal["birth_date", "contact_changed_at"]
"""What the rules of a request want to know about the person."""


Emptying = Literal["keep", "null", "constant", "hash", "keyed_hash"]
"""What becomes of a field when its record is anonymised.

`hash` is SHA-256, the same everywhere and so for values nobody can guess only; `keyed_hash` is HMAC-SHA-256 under a key
that is made for one write and thrown away, so that nobody can ever compute it again (`rights.stores.masking`).
"""

HASHES: frozenset[str] = frozenset({"hash", "keyed_hash"})


class HashOf(_Ours):
    """Which contact a field holds the hash of, in lower-case hexadecimal digits."""

    field: str
    format: Literal["sha1", "md5", "sha256"]


class FieldRights(_Ours):
    """What the rights do to one field."""

    key: Kind | None = None
    """This field holds an identifier of this kind."""
    identifies: Identifies | None = None
    """`one`: extends the key set. `shared`: only ever selects rows that also carry another key of the set.

    `shared` without a `key` declares an edge that is never followed at all: a device, an address. `one` without a `key`
    stands on a field with `references`: it selects the rows that name a value found in the person's rows over there.
    """
    contact: bool = False
    """A one-time code may be sent to the value of this field."""
    consignee: bool = False
    """A person without an account, proven by this very contact, gets the rows that carry it, and only those."""
    on_deletion: Emptying = "keep"
    """When the record is anonymised: keep the value, empty it, put `constant` in its place, or what stands for it."""
    constant: Any = None
    third_party: bool = False
    """Masked on export unless the record is the requester's own (`Collection.rights.third_party_unless`)."""
    secret: bool = False
    """Never exported: a password hash says nothing to the person and much to a thief."""
    sensitive: bool = False
    never_reused: bool = False
    """Of a primary key: its values are never given out again, so what carries one after a restore is the same row."""
    correction: Subject | None = None
    """What about the person this field repeats; a correction of it changes the field."""
    fact: Fact | None = None
    """What this field tells the rules of a request."""
    hash_of: HashOf | None = None
    """This field is an index: a contact of the collection, as a hash by which affiliates may name it."""
    lapses: str | None = None
    """Code of the entitlement that this field counts and that ends with the account: `points`, `coupons`."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.key is not None and self.identifies is None:
            msg = "a `key` says how it `identifies`: one or shared"
            raise ValueError(msg)
        if self.contact and (self.key is None or self.identifies is not Identifies.ONE):
            msg = "a code goes to the person's own `contact` only: it identifies one"
            raise ValueError(msg)
        if self.consignee and (self.key is None or self.identifies is not Identifies.SHARED):
            msg = "a `consignee` contact is a `key` that identifies as shared"
            raise ValueError(msg)
        if (self.on_deletion == "constant") != (self.constant is not None):
            msg = "a `constant` is what `on_deletion: constant` puts in the value's place"
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

    @property
    def leads_from(self) -> tuple[str, ...]:
        """The fields (`dataset.collection.field`) whose values select rows by this one.

        None of a field with a `key`: what it holds is known by its kind, wherever it was found.
        """
        if self.rights.identifies is not Identifies.ONE or self.rights.key is not None:
            return ()
        return tuple(r.place for r in self.fides_meta.references if r.direction != "to")

    def walk(self) -> Iterator["Field"]:
        """This field and every field in it."""
        yield self
        for inner in self.fields:
            yield from inner.walk()


class Storage(_Ours):
    """How long a record is kept in daily use, while nobody asks for its deletion: an end, or a day to look again."""

    period: str | None = None
    """ISO 8601: `P10Y`, `P24M`, `P90D`."""
    counted_from: str | None = None
    """What the period starts at: a field, or in words (`the end of the account`)."""
    review: date | None = None
    """The day by which somebody decides whether the data is still needed."""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if (self.period is None) == (self.review is None):
            msg = "a term has an end (`period`) or a day on which it is looked at again (`review`)"
            raise ValueError(msg)
        if (self.period is None) != (self.counted_from is None):
            msg = "a `period` says what it is `counted_from`"
            raise ValueError(msg)
        return self


class Retention(Storage):
    """How long records are kept against a deletion, and on which ground of policy 1(6).3.

    `counted_from` is a field here (date or date-time). With `review` records are kept up to that day, and no longer
    unless somebody moves it.
    """

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


class LakeAccess(_Ours):
    """How a collection of a data lake is reached: every object under the prefix, all of one format.

    Which fields say whose a row is, is said at the fields (`key`, `identifies: one`), also nested ones. Objects whose
    name begins with `_` or `.` are not data (Hive's convention) and are left alone.
    """

    bucket: str
    prefix: str
    format: Literal["jsonl", "parquet"]
    """JSON Lines, under gzip or plain; or Parquet."""
    partition: tuple[str, ...] = ()
    """Fields that stand in the keys of the objects, as in `dt=2026-11-25/`, and not in the rows."""


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


class Collection(_Fides):
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
    external_id: str | None = None
    """What the owner of a role in another account expects to be told by whoever assumes it (`sts:ExternalId`)."""
    secret: str | None = None
    """Name of the secret with the connection (PostgreSQL)."""
    auth: Literal["secret", "iam"] = "secret"
    """`iam`: the secret names host, database and user, and RDS takes a token of the role in place of a password."""
    rows_per_second: Annotated[int, Attribute(ge=1)] | None = None
    """How fast a PostgreSQL store may be worked on; without it, as fast as it goes."""
    partner: Partner | None = None
    """How a partner is reached, and what it may get to know."""

    @model_validator(mode="after")
    def _names_its_role(self) -> Self:
        if (self.kind in {"ledger", "partner"}) == bool(self.role_arn):
            msg = "every store of the mall names the `role_arn` it is reached by; our own ledger and partners have none"
            raise ValueError(msg)
        if (self.kind == "partner") != (self.partner is not None):
            msg = "a partner says under `partner` how it is reached; no other store does"
            raise ValueError(msg)
        return self


class PlainCollection(_Fides):
    """A collection as Fides alone describes it."""

    name: str
    description: str = ""
    data_categories: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    fides_meta: CollectionMeta = CollectionMeta()


class PlainDataset(_Fides):
    """A Fides dataset without our keys: read and listed, but not worked on, since nothing says how it is reached."""

    fides_key: str
    name: str = ""
    description: str = ""
    data_categories: tuple[str, ...] = ()
    fides_meta: DatasetMeta = DatasetMeta()
    collections: tuple[PlainCollection, ...]


class StoreMap(_Fides):
    """One store: a Fideslang dataset that also says, under `rights`, how it is reached."""

    fides_key: str
    name: str = ""
    description: str = ""
    data_categories: tuple[str, ...] = ()
    """Of every collection, besides its own."""
    fides_meta: DatasetMeta = DatasetMeta()
    rights: StoreRights
    collections: tuple[Collection, ...]

    @model_validator(mode="after")
    def _hands_down(self) -> Self:
        """What a level says of everything below it is said of each field, so that readers look in one place."""
        collections = tuple(_categorised(c, self.data_categories) for c in self.collections)
        object.__setattr__(self, "collections", collections)
        return self

    def collection(self, name: str) -> Collection:
        """The collection of this name; KeyError without one."""
        for candidate in self.collections:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def has_index_of(self, kind: Kind, form: str) -> bool:
        """Tell whether a contact of this kind can be looked up here by a hash of this form."""
        return any(any(collection.hashes_of(kind, form)) for collection in self.collections)


def _categorised(collection: Collection, above: tuple[str, ...]) -> Collection:
    inherited = (*above, *collection.data_categories)
    if not inherited:
        return collection
    fields = tuple(
        f.model_copy(update={"data_categories": tuple(dict.fromkeys((*f.data_categories, *inherited)))})
        for f in collection.fields
    )
    return collection.model_copy(update={"fields": fields})


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
