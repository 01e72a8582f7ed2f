"""Relay: woken by the ledger's stream, pays what the changed items are owed."""

from typing import Any

from rights.clients import client
from rights.handler import guarded
from rights.relaying import Relay, WorkflowSettings, relay_records
from rights.settings import load
from rights.wiring import ledger


@guarded
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Relay the records; those that failed are named, so that only they come again."""
    relay = Relay(ledger(), client("stepfunctions"), client("sqs"), load(WorkflowSettings))
    return relay_records(event["Records"], relay)
