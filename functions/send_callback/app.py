"""Tells affiliates how their requests stand, as the messages on the queue name them."""

import socket
from datetime import timedelta
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

from rights import wiring
from rights.affiliates.addresses import HTTPS, Address
from rights.affiliates.registry import load_registry
from rights.affiliates.signing import BodySigner
from rights.clients import client
from rights.handler import guarded
from rights.partners import stand_ins
from rights.settings import Settings, load
from rights.stores.opendsr.addresses import place_of
from rights.stores.opendsr.transport import Access, Reply, Transport
from send_callback.send import Teller, tell_all


class CallbackSettings(Settings):
    """What telling needs besides the ledger."""

    base_url: str
    opendsr_key_id: str
    processor_domain: str
    callback_first_pause_seconds: int


def post(signer: BodySigner, address: Address, body: bytes) -> Reply:
    """Post a body to an address, over the guarded transport, under our signature."""
    place = partial(place_of, address.host, HTTPS, stand_ins(), socket.getaddrinfo)
    access = partial(Access, headers=signer.headers(body))
    return Transport(address.host, place, access).call("POST", address.path, body)


@cache
def _teller() -> Teller:
    settings = load(CallbackSettings)
    domain = settings.processor_domain or str(urlsplit(settings.base_url).hostname)
    signer = BodySigner(client("kms"), settings.opendsr_key_id, domain)
    pause = timedelta(seconds=settings.callback_first_pause_seconds)
    return Teller(wiring.ledger(), load_registry(), partial(post, signer), pause)


@guarded
def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, list[dict[str, str]]]:
    """Send the callbacks of one batch."""
    return tell_all(_teller(), event)
