"""The operators' door: the API and the console behind a sign-in of its own."""

from datetime import timedelta
from functools import cache
from typing import Any

from operator_api.console import Console
from operator_api.desk import Desk
from operator_api.doors import Known, OperatorDoors
from operator_api.entry import Entry, HostedUi
from operator_api.evidence import BucketLinks, EvidenceLooks
from operator_api.routes import Routes
from rights import wiring
from rights.affiliates.registry import Registry, load_registry
from rights.clients import link_client
from rights.clock import utc_now
from rights.datamap import load_data_map
from rights.datamap.model import DataMap
from rights.datamap.scope import correctable, scope_names, to_review
from rights.door import Door, prefix_of
from rights.handler import guarded
from rights.pool_tokens import PoolKeys, PoolTokens, fetching
from rights.settings import Settings, load


class OperatorSettings(Settings):
    """What this door needs besides the ledger."""

    base_url: str
    question_seconds: int
    evidence_bucket: str
    operator_issuer: str
    operator_client_id: str
    operator_keys_url: str
    hosted_ui_url: str


def build(desk: Desk) -> Door:
    """The door over this desk, which answers every call, whatever its address."""
    return Door([(method, "/.+", desk.answer) for method in ("GET", "POST")])


@cache
def _app() -> Door:
    settings = load(OperatorSettings)
    ledger = wiring.ledger()
    doors = OperatorDoors(
        ledger, utc_now, timedelta(seconds=settings.question_seconds), known_by(load_data_map(), load_registry())
    )
    evidence = EvidenceLooks(ledger, BucketLinks(link_client(), settings.evidence_bucket), utc_now)
    keys = PoolKeys(fetching(settings.operator_keys_url), utc_now)
    tokens = PoolTokens(settings.operator_issuer, settings.operator_client_id, keys, utc_now)
    hosted = HostedUi(settings.hosted_ui_url, settings.operator_client_id)
    entry = Entry(ledger, tokens, hosted, settings.base_url, utc_now)
    pages = Console(settings.base_url, utc_now)
    return build(Desk(Routes(doors, evidence), entry, pages, prefix_of(settings.base_url)))


def known_by(data_map: DataMap, registry: Registry) -> Known:
    """What the data map and the register of affiliates say, as far as operators need it."""
    stores = data_map.stores
    return Known(
        categories={
            store.fides_key: {
                c.name: sorted({name for f in c.fields for name in f.data_categories}) for c in store.collections
            }
            for store in stores
        },
        kinds={store.fides_key: store.rights.kind for store in stores},
        to_review={store.fides_key: to_review(data_map, store.fides_key) for store in stores},
        scope=scope_names(data_map),
        corrections=correctable(data_map),
        affiliates={one.id: one.name for one in registry.values()},
    )


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one call of API Gateway."""
    return _app().resolve(event, context)
