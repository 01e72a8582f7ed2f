"""The handlers over a ledger on moto, with their settings in the environment as Lambda puts them there."""

from collections.abc import Iterator
from dataclasses import dataclass

import boto3
import pytest

from rights import clients, wiring
from rights.ledger import Ledger
from rights.sealing import Sealer


@dataclass
class Context:
    """What Lambda tells a handler."""

    function_name: str = "contract"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:ap-southeast-1:123456789012:function:contract"
    aws_request_id: str = "contract"
    milliseconds: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def deployed(ledger: Ledger, sealer: Sealer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """The test's ledger, which is the handlers' too."""
    secret = boto3.client("secretsmanager").create_secret(Name="hmac", SecretString="test secret")
    monkeypatch.setenv("LEDGER_TABLE", ledger.table.name)
    monkeypatch.setenv("SEAL_KEY_ID", sealer._key_id)
    monkeypatch.setenv("SECRET_ID", secret["ARN"])
    made_once = (clients.client, wiring.sealer, wiring.hmac, wiring.ledger)
    for made in made_once:
        made.cache_clear()
    yield ledger
    for made in made_once:
        made.cache_clear()
