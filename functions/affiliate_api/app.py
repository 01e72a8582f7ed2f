"""The affiliates' door: requests in the names of people, from systems that sign (OpenDSR 2.0)."""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from pydantic import BaseModel

from affiliate_api.doors import AffiliateDoors, Offer
from affiliate_api.problems import OpenDsrError, as_opendsr_error
from affiliate_api.reading import bytes_of
from rights import wiring
from rights.affiliates.registry import load_registry
from rights.affiliates.signing import BodySigner, Certificate
from rights.clients import client
from rights.clock import utc_now
from rights.datamap import load_data_map
from rights.datamap.scope import hash_indexes, scope_names
from rights.handler import guarded
from rights.http import respond, respond_json
from rights.settings import Settings, load
from rights.telemetry import logger

ROOT = "/opendsr/v2"
CERTIFICATE = f"{ROOT}/certificate.pem"


class AffiliateApiSettings(Settings):
    """What this door needs besides the ledger."""

    base_url: str
    opendsr_key_id: str
    processor_domain: str
    """The domain that we sign in the name of; empty: the host of the base URL."""
    certificate_parameter: str


def build(
    doors: AffiliateDoors, signer: BodySigner, certificate: Callable[[], str | None], prefix: str = ""
) -> APIGatewayRestResolver:
    """The resolver over these doors; `prefix`, the path of the base URL, is what a custom domain leaves in paths."""
    app = APIGatewayRestResolver(strip_prefixes=[prefix] if prefix else None)

    def signed(status: int, answer: BaseModel) -> Response[Any]:
        text = answer.model_dump_json()
        return respond(status, text, "application/json", headers=signer.headers(text.encode()))

    def caller() -> str:
        # Who it is says the authoriser; without one nobody gets here.
        return str((app.current_event.raw_event["requestContext"].get("authorizer") or {}).get("affiliate", ""))

    @app.get(f"{ROOT}/discovery")
    def discovery() -> Response[Any]:
        return signed(HTTPStatus.OK, doors.offer.discovery())

    @app.get(CERTIFICATE)
    def published() -> Response[Any]:
        text = certificate()
        if text is None:
            return problem(OpenDsrError("not_found"))
        return respond(HTTPStatus.OK, text, "application/x-pem-file")

    @app.post(f"{ROOT}/requests")
    def create() -> Response[Any]:
        event = app.current_event
        fields = {name.lower(): value for name, value in event.headers.items()}
        return signed(HTTPStatus.CREATED, doors.create(caller(), bytes_of(event.raw_event), fields))

    @app.get(f"{ROOT}/requests/<their_id>")
    def status(their_id: str) -> Response[Any]:
        return signed(HTTPStatus.OK, doors.status(caller(), their_id))

    @app.delete(f"{ROOT}/requests/<their_id>")
    def cancel(their_id: str) -> Response[Any]:
        return signed(HTTPStatus.ACCEPTED, doors.cancel(caller(), their_id))

    def problem(error: Exception) -> Response[Any]:
        found = as_opendsr_error(error)
        return respond_json(found.status, found.body(), headers=found.headers)

    app.exception_handler(Exception)(problem)
    app.not_found(lambda _: problem(OpenDsrError("not_found")))
    return app


@cache
def _app() -> APIGatewayRestResolver:
    settings, data_map = load(AffiliateApiSettings), load_data_map()
    base = urlsplit(settings.base_url)
    domain = settings.processor_domain or str(base.hostname)
    offer = Offer(domain, settings.base_url + CERTIFICATE, scope_names(data_map), hash_indexes(data_map))
    doors = AffiliateDoors(wiring.ledger(), load_registry(), wiring.hmac(), offer, utc_now)
    signer = BodySigner(client("kms"), settings.opendsr_key_id, domain)
    certificate = Certificate(client("ssm"), settings.certificate_parameter, utc_now)
    return build(doors, signer, certificate, base.path.rstrip("/"))


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one call of API Gateway."""
    answer = _app().resolve(event, context)
    route = {"method": event.get("httpMethod"), "route": event.get("resource"), "http_status": answer["statusCode"]}
    logger.info("answered", extra=route)
    return answer
