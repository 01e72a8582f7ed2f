"""The one door of every connector function: a step of the state machine, or a question from another function."""

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter

from rights.clients import client
from rights.clock import utc_now
from rights.datamap import StoreMap, load_data_map
from rights.datamap.resolution import MOST_VALUES
from rights.domain.identity import Identifier, KeySet, Kind
from rights.errors import DataMapError, NotReadyError, StaleWriteError
from rights.sealing import Sealer
from rights.settings import Settings, load
from rights.stores.contract import Connector
from rights.stores.expire import expire
from rights.stores.package import PackageParts
from rights.stores.roles import Roles
from rights.stores.work import Context, Doings, Worker
from rights.telemetry import MetricUnit, logger, metrics
from rights.wiring import ledger, sealer

Connect = Callable[[StoreMap, Roles], Connector]


class StoreSettings(Settings):
    """What a connector function needs besides the ledger."""

    package_bucket: str
    account_id: str
    backup_days: int


class _Event(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    request_id: str
    store: str


class Step(_Event):
    """A step of the state machine."""

    run: int
    step: Literal["work", "read_back"]


class Question(_Event):
    """A question of another function, sealed to its request.

    Contact on file, whose hash this is, further identifiers, how many rows, what the store would refuse of an erasure,
    which fields a correction would change, what the rules want to know; or to erase what was kept until a date, and
    what is left.
    """

    about: Literal["recognise", "unhash", "locate", "count", "conflicts", "seen", "facts", "expire"] = Field(
        alias="ask"
    )
    sealed: str


_EVENT: TypeAdapter[Step | Question] = TypeAdapter(
    Annotated[
        Annotated[Step, Tag("step")] | Annotated[Question, Tag("ask")],
        Discriminator(lambda raw: "ask" if "ask" in raw else "step"),
    ]
)


@cache
def roles() -> Roles:
    """The roles of this process, and the clients under them."""
    external_ids = {
        store.rights.role_arn: store.rights.external_id for store in load_data_map().stores if store.rights.external_id
    }
    return Roles(client("sts"), load(StoreSettings).account_id, external_ids=external_ids)


def serve(
    event: dict[str, Any], context: Context, kind: str, connect: Connect, doings: Doings | None = None
) -> dict[str, Any]:
    """Do what the event asks of a store of this kind; `doings` are its own ways of doing an operation."""
    asked = parse(event)
    logger.append_keys(request_id=asked.request_id, store=asked.store)
    store = store_of(asked.store, kind)
    with _counted(store.fides_key):
        connector = connect(store, roles())
        try:
            return _done(asked, connector, context, doings)
        finally:
            connector.rest()


@contextmanager
def _counted(store: str) -> Iterator[None]:
    """Count a call of a store, for its kind (the function's name) and by itself.

    `StoreErrors` is 1 or 0, so that its average is the share of calls that failed. That another worker was first, or
    that a step came too soon, is no fault of the store.
    """
    metrics.add_dimensions(store=store)
    failed, begun = 1, time.monotonic()
    try:
        yield
        failed = 0
    except (NotReadyError, StaleWriteError):
        failed = 0
        raise
    finally:
        metrics.add_metric(name="StoreErrors", unit=MetricUnit.Count, value=failed)
        metrics.add_metric(name="StoreSeconds", unit=MetricUnit.Seconds, value=time.monotonic() - begun)


def _done(asked: Step | Question, connector: Connector, context: Context, doings: Doings | None) -> dict[str, Any]:
    if isinstance(asked, Question):
        return answer(asked, connector, sealer())
    settings = load(StoreSettings)
    parts = PackageParts(client("s3"), settings.package_bucket)
    worker = Worker(ledger(), connector, parts, utc_now, doings, backup_days=settings.backup_days)
    report = worker.run(asked.step, asked.request_id, asked.store, context)
    logger.info("store worked", extra={"step": asked.step, "status": report.status, "left": report.left})
    return report.to_dict()


def parse(event: dict[str, Any]) -> Step | Question:
    """The event as its model; a ValidationError never quotes it."""
    return _EVENT.validate_python(event)


def store_of(name: str, kind: str) -> StoreMap:
    """The store of this name, if it is of this kind; DataMapError if not.

    One store may have several tasks: `login.freeze` is a task of the store `login`.
    """
    try:
        store = load_data_map().store(name.partition(".")[0])
    except KeyError:
        msg = "the data map has no such store"
        raise DataMapError(msg) from None
    if store.rights.kind != kind:
        msg = f"{name} is not a store of kind {kind}"
        raise DataMapError(msg)
    return store


def answer(question: Question, connector: Connector, sealer: Sealer) -> dict[str, str]:
    """Answer a question under the seal of its request."""
    given = sealer.open(question.request_id, base64.b64decode(question.sealed))
    reply: dict[str, Any]
    match question.about:
        case "recognise":
            reply = {"known": connector.recognise(Identifier(Kind(given["kind"]), given["value"]))}
        case "unhash":
            values = connector.unhash(Kind(given["kind"]), given["format"], given["digest"])
            reply = {"values": sorted(values)}
        case "locate":
            reply = {"keys": locate(connector, given).to_mapping()}
        case "count":
            counts = connector.count(KeySet.from_mapping(given["keys"])).items()
            wanted = given.get("collections")
            reply = {"counts": {name: number for name, number in counts if not wanted or name in wanted}}
        case "conflicts":
            reply = {"conflicts": connector.conflicts(KeySet.from_mapping(given["keys"]), given["today"])}
        case "seen":
            seen = connector.seen(KeySet.from_mapping(given["keys"]), given["subjects"])
            reply = {"seen": [field.to_dict() for field in seen]}
        case "facts":
            reply = {"facts": [list(fact) for fact in connector.facts(KeySet.from_mapping(given["keys"]))]}
        case "expire":
            reply = {"page": expire(connector, given).to_dict()}
    return {"sealed": base64.b64encode(sealer.seal(question.request_id, reply)).decode()}


def locate(connector: Connector, given: dict[str, Any]) -> KeySet:
    """What the `one` edges add to `keys`, and the values of these `fields` by which rows elsewhere name theirs.

    One value more than is allowed is asked for, so that whoever asked sees that there are too many.
    """
    keys = KeySet.from_mapping(given["keys"])
    referred = frozenset(
        (place, value)
        for place in given.get("fields", ())
        for _, collection, field in [place.split(".", 2)]
        for value in connector.values(collection, field, keys, MOST_VALUES + 1)
    )
    return connector.locate(keys) | KeySet(referred=referred)
