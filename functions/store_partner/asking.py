"""How this function asks partners: with what lets it in, with patience, and with the address of our callbacks."""

import json
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from rights.clients import client
from rights.clock import utc_now
from rights.datamap import load_data_map
from rights.datamap.partners import Partner
from rights.domain.recipients import Patience
from rights.domain.rights import Operation
from rights.errors import DataMapError
from rights.ledger.model import Task
from rights.partners import CALLBACKS, processor_of
from rights.settings import Settings, load
from rights.stores.opendsr.asking import Asking, Surroundings
from rights.stores.opendsr.transport import Access
from rights.stores.work import Doings
from rights.stores.works.doing import Tools
from rights.wiring import ledger


class PartnerSettings(Settings):
    """Where callbacks come in, and how long a partner that sends none is left alone."""

    base_url: str
    partner_first_pause_seconds: int
    partner_longest_pause_seconds: int


def doings() -> Doings:
    """Every operation on a partner is asking it."""
    return dict.fromkeys((Operation.EXPORT, Operation.ERASE, Operation.CORRECT, Operation.RESTRICT), _asking)


def _asking(tools: Tools, task: Task) -> Asking:
    settings = load(PartnerSettings)
    around = Surroundings(
        store=load_data_map().store(task.store),
        processor=processor_of(task.store, access_of),
        ledger=ledger(),
        patience=Patience(settings.partner_first_pause_seconds, settings.partner_longest_pause_seconds),
        callbacks=settings.base_url + CALLBACKS,
        clock=utc_now,
    )
    return Asking(tools, around)


def access_of(partner: Partner) -> Access:
    """What lets us in at a partner, read from the one secret that its map names; DataMapError for one of no use."""
    if partner.secret is None:
        return Access()
    try:
        return access_from(_secret(partner.secret))
    except ValueError:
        raise DataMapError("the secret of a partner is none of the known shapes") from None


@cache
def _secret(name: str) -> str:
    """Kept for the life of the process: a new one is read where the old one has ended with it."""
    manager = client("secretsmanager")
    try:
        return str(manager.get_secret_value(SecretId=name)["SecretString"])
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
            raise DataMapError("a partner names a secret that is not there") from None
        raise


def access_from(text: str) -> Access:
    """What a secret says: `token`, or `api_key` with its `header`, or `certificate` and `private_key`."""
    told: dict[str, Any] = json.loads(text)
    match told:
        case {"token": str(token)}:
            return Access({"Authorization": f"Bearer {token}"})
        case {"api_key": str(key)}:
            return Access({str(told.get("header", "X-Api-Key")): key})
        case {"certificate": str(certificate), "private_key": str(key)}:
            return Access(certificate=certificate, private_key=key)
    msg = "no known way in"
    raise ValueError(msg)
