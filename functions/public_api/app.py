"""The public door: people's form, status page and JSON API behind API Gateway."""

from functools import cache
from typing import Any

from public_api.doors import Offer, PublicDoors
from public_api.evidence import BucketUploads, EvidenceDoors
from public_api.packages import BucketFiles
from public_api.pages import Pages
from public_api.routes import PublicRoutes
from rights import wiring
from rights.clients import client, link_client
from rights.clock import utc_now
from rights.datamap import load_data_map
from rights.datamap.scope import correctable, scope_names
from rights.domain.own_records import Terms
from rights.door import Door
from rights.handler import guarded
from rights.settings import Settings, load
from rights.signing_keys import PublicKeys


class PublicSettings(Settings):
    """What this door needs besides the ledger."""

    base_url: str
    package_bucket: str
    evidence_bucket: str
    audit_bucket: str
    check_evidence_function: str
    package_days: int
    sign_key_id: str


def build(routes: PublicRoutes, prefix: str = "") -> Door:
    """The door over these routes."""
    table = (
        ("GET", "/", routes.ask.start),
        ("POST", "/ask/right", routes.ask.right),
        ("POST", "/ask/details", routes.ask.details),
        ("POST", "/ask/check", routes.ask.check),
        ("GET", "/ask/<step>", routes.ask.to_start),
        ("GET", "/requests", routes.ask.to_start),
        ("POST", "/requests", routes.ask.create),
        ("GET", "/requests/<request_id>", routes.status),
        ("DELETE", "/requests/<request_id>", routes.withdraw),
        ("GET", "/requests/<request_id>/code", routes.no_code),
        ("POST", "/requests/<request_id>/code", routes.code),
        ("POST", "/requests/<request_id>/code/resend", routes.resend),
        ("GET", "/requests/<request_id>/look", routes.look.show),
        ("POST", "/requests/<request_id>/look", routes.look.enter),
        ("POST", "/requests/<request_id>/new-link", routes.look.new_link),
        ("GET", "/requests/<request_id>/confirm", routes.ask_confirm),
        ("POST", "/requests/<request_id>/confirm", routes.confirm),
        ("POST", "/requests/<request_id>/answers", routes.answers),
        ("GET", "/requests/<request_id>/evidence", routes.evidence.show),
        ("POST", "/requests/<request_id>/evidence", routes.evidence.offer),
        ("GET", "/requests/<request_id>/evidence/<number>", routes.evidence.send),
        ("POST", "/requests/<request_id>/evidence/<number>", routes.evidence.sent),
        ("GET", "/requests/<request_id>/withdraw", routes.ask_withdraw),
        ("POST", "/requests/<request_id>/withdraw", routes.withdraw),
        ("GET", "/requests/<request_id>/package", routes.packages.package),
        ("POST", "/requests/<request_id>/package", routes.packages.open_package),
        ("POST", "/requests/<request_id>/package/again", routes.packages.ask_again),
        ("GET", "/requests/<request_id>/package/<number>", routes.packages.volume),
        ("GET", "/requests/<request_id>/certificate", routes.packages.certificate),
        ("GET", "/find", routes.find.start),
        ("POST", "/find", routes.find.ask),
        ("GET", "/find/code", routes.find.to_start),
        ("POST", "/find/code", routes.find.code),
        ("GET", "/s/<token>", routes.link),
        ("GET", "/stop/<token>", routes.ask_stop),
        ("POST", "/stop/<token>", routes.stop),
        ("GET", "/.well-known/jwks.json", routes.jwks),
        ("GET", "/openapi.json", routes.description),
        ("GET", "/static/<name>", routes.static),
    )
    return Door(table, prefix, problem=routes.problem)


@cache
def _app() -> Door:
    settings = load(PublicSettings)
    files = BucketFiles(link_client(), settings.package_bucket, settings.evidence_bucket, utc_now)
    data_map = load_data_map()
    offer = Offer(scope_names(data_map), correctable(data_map))
    terms = Terms(package_days=settings.package_days)
    doors = PublicDoors(wiring.ledger(), wiring.hmac(), files, utc_now, offer, terms=terms)
    uploads = BucketUploads(link_client(), client("lambda"), settings.evidence_bucket, settings.check_evidence_function)
    evidence = EvidenceDoors(wiring.ledger(), uploads, utc_now)
    pages = Pages(settings.base_url)
    keys = PublicKeys(client("kms"), settings.sign_key_id, client("s3"), settings.audit_bucket, utc_now)
    return build(PublicRoutes(doors, evidence, pages, settings.base_url, keys), pages.prefix)


@guarded
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one call of API Gateway."""
    return _app().resolve(event, context)
