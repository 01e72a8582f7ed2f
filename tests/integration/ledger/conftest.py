"""One contract, two clouds: every test here runs on moto and on MiniStack alike."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from local.emulator import Emulator
from rights.ledger import Ledger
from rights.ledger.table import Table
from rights.sealing import Sealer
from rights.secrets_hmac import Hmac
from tests.support.clock import StoppedClock
from tests.support.emulator import running_emulator
from tests.support.moto import client, empty_moto
from tests.support.template import create_ledger_table


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A MiniStack without any stack."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture(params=["moto", "ministack"])
def cloud(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Makes clients of one of the two clouds."""
    if request.param == "moto":
        with empty_moto():
            yield client
    else:
        yield request.getfixturevalue("emulator").client


@pytest.fixture
def ledger(cloud: Any, clock: StoppedClock) -> Ledger:
    """An empty ledger on either cloud."""
    name = f"ledger-{uuid4().hex[:8]}"
    create_ledger_table(cloud("dynamodb"), name)
    sealer = Sealer(cloud("kms"), cloud("kms").create_key()["KeyMetadata"]["KeyId"])
    return Ledger(Table(cloud("dynamodb"), name), sealer, Hmac(b"test secret"), clock)
