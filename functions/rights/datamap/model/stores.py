"""A store, with or without our keys, and all of them together."""

from typing import Annotated, Literal, Self

from pydantic import Field as Attribute
from pydantic import model_validator

from rights.datamap.fides import CollectionMeta, DatasetMeta, Fides, Ours
from rights.datamap.model.collection import Collection
from rights.datamap.model.fields import Field
from rights.datamap.partners import Partner
from rights.domain.identity import Kind


class StoreRights(Ours):
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


class PlainCollection(Fides):
    """A collection as Fides alone describes it."""

    name: str
    description: str = ""
    data_categories: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    fides_meta: CollectionMeta = CollectionMeta()


class PlainDataset(Fides):
    """A Fides dataset without our keys: read and listed, but not worked on, since nothing says how it is reached."""

    fides_key: str
    name: str = ""
    description: str = ""
    data_categories: tuple[str, ...] = ()
    fides_meta: DatasetMeta = DatasetMeta()
    collections: tuple[PlainCollection, ...]


class StoreMap(Fides):
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


class DataMap(Ours):
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
