"""A field, and what the rights do to it."""

from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import model_validator

from rights.datamap.fides import Fides, FidesMeta, Ours
from rights.domain.identity import Identifies, Kind

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


class HashOf(Ours):
    """Which contact a field holds the hash of, in lower-case hexadecimal digits."""

    field: str
    format: Literal["sha1", "md5", "sha256"]


class FieldRights(Ours):
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


class Field(Fides):
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
