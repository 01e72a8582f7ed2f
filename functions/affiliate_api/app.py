"""The affiliates' door: requests in the names of people, from systems that sign (OpenDSR 2.0)."""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from affiliate_api.doors import AffiliateDoors, Offer
from affiliate_api.problems import OpenDsrError, as_opendsr_error
from rights import wiring
from rights.affiliates.registry import load_registry
from rights.affiliates.signing import BodySigner, Certificate
from rights.clients import client
from rights.clock import utc_now
from rights.datamap import load_data_map
from rights.datamap.scope import hash_indexes, scope_names
from rights.door import Answer, Call, Door, bytes_of, prefix_of
from rights.handler import guarded
from rights.http import respond, respond_json
from rights.settings import Settings, load

ROOT = "/opendsr/v2"
CERTIFICATE = f"{ROOT}/certificate.pem"


class AffiliateApiSettings(Settings):
    """What this door needs besides the ledger."""

    base_url: str
    opendsr_key_id: str
    processor_domain: str
    """The domain that we sign in the name of; empty: the host of the base URL."""
    certificate_parameter: str


def build(doors: AffiliateDoors, signer: BodySigner, certificate: Callable[[], str | None], prefix: str = "") -> Door:
    """The door over what it does."""

    def signed(status: int, answer: BaseModel) -> Answer:
        text = answer.model_dump_json()
        return respond(status, text, "application/json", headers=signer.headers(text.encode()))

    def discovery(_: Call) -> Answer:
        return signed(HTTPStatus.OK, doors.offer.discovery())

    def published(call: Call) -> Answer:
        text = certificate()
        if text is None:
            return problem(call, OpenDsrError("not_found"))
        return respond(HTTPStatus.OK, text, "application/x-pem-file")

    def create(call: Call) -> Answer:
        fields = {name.lower(): value for name, value in call.headers.items()}
        return signed(
            HTTPStatus.CREATED,
            doors.create(_caller(call), bytes_of(call, refusal=OpenDsrError("malformed_body")), fields),
        )

    def status(call: Call, their_id: str) -> Answer:
        return signed(HTTPStatus.OK, doors.status(_caller(call), their_id))

    def cancel(call: Call, their_id: str) -> Answer:
        return signed(HTTPStatus.ACCEPTED, doors.cancel(_caller(call), their_id))

    table = (
        ("GET", f"{ROOT}/discovery", discovery),
        ("GET", CERTIFICATE, published),
        ("POST", f"{ROOT}/requests", create),
        ("GET", f"{ROOT}/requests/<their_id>", status),
        ("DELETE", f"{ROOT}/requests/<their_id>", cancel),
    )
    return Door(table, prefix, problem=problem)


def problem(_: Call, error: Exception) -> Answer:
    """An error, as OpenDSR shapes it."""
    found = as_opendsr_error(error)
    return respond_json(found.status, found.body(), headers=found.headers)


def _caller(call: Call) -> str:
    """Who calls says the authoriser; without one nobody gets here."""
    return str((call.raw_event["requestContext"].get("authorizer") or {}).get("affiliate", ""))


@cache
def _app() -> Door:
    settings, data_map = load(AffiliateApiSettings), load_data_map()
    base = urlsplit(settings.base_url)
    domain = settings.processor_domain or str(base.hostname)
    offer = Offer(domain, settings.base_url + CERTIFICATE, scope_names(data_map), hash_indexes(data_map))
    doors = AffiliateDoors(wiring.ledger(), load_registry(), wiring.hmac(), offer, utc_now)
    signer = BodySigner(client("kms"), settings.opendsr_key_id, domain)
    certificate = Certificate(client("ssm"), settings.certificate_parameter, utc_now)
    return build(doors, signer, certificate, prefix_of(settings.base_url))


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one call of API Gateway."""
    return _app().resolve(event, context)
