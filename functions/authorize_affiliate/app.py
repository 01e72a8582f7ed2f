"""Lets affiliates' systems in at their door, by the signature of each single call (RFC 9421)."""

from functools import cache
from typing import Any

from authorize_affiliate.judging import Judge, policy
from authorize_affiliate.keys import AffiliateKeys
from rights.affiliates.registry import load_registry
from rights.clients import client
from rights.clock import utc_now
from rights.handler import guarded
from rights.ledger.nonces import Nonces
from rights.ledger.table import Table
from rights.settings import Settings, load
from rights.telemetry import MetricUnit, logger, metrics


class AuthoriserSettings(Settings):
    """What judging needs; of the ledger it has the table only, and nothing is sealed or opened."""

    ledger_table: str
    base_url: str
    affiliate_parameters: str
    """What the names of the affiliates' parameters begin with."""
    usage_key_prefix: str
    """What the API keys of the affiliates' usage plans begin with; the affiliate's id follows. No secret: a caller
    cannot name one."""


@cache
def _judge() -> Judge:
    settings = load(AuthoriserSettings)
    keys = AffiliateKeys(client("ssm"), settings.affiliate_parameters, utc_now)
    nonces = Nonces(Table(client("dynamodb"), settings.ledger_table), utc_now)
    return Judge(load_registry(), keys, nonces, settings.base_url, utc_now)


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Allow or deny one call; why it is denied stays in our log."""
    verdict = _judge().judge(event)
    metrics.add_metric(name="AuthoriserRefusals", unit=MetricUnit.Count, value=int(verdict.affiliate is None))
    logger.info("judged", extra={"code": verdict.reason or "allowed", "route": event.get("resource")})
    return policy(verdict, event["methodArn"], load(AuthoriserSettings).usage_key_prefix)
