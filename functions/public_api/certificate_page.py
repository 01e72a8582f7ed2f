"""The certificate as a page: what was signed, in the reader's words, to read and to print. Nothing else is in it."""

from datetime import UTC, datetime
from typing import Any

from public_api.store_cards import StoreCard, as_card
from public_api.words import CATEGORY, NO_LONGER, PURPOSE, RIGHT, STATUS, WHICH_DATA
from rights.certificate import claims_of
from rights.clock import parse
from rights.domain.rights import Locale, Operation, Purpose, Right
from rights.domain.work import Counts, TaskStatus
from rights.ledger import Task
from rights.notices.i18n import say
from rights.status_token import reference


def as_certificate(jws: str, locale: Locale) -> dict[str, Any]:
    """The values of the page, read from the signed form alone: the ledger may know more by now."""
    claims = claims_of(jws)
    right, outcome = Right(claims["right"]), STATUS[claims["outcome"]]
    return {
        "id": claims["jti"],
        "reference": reference(claims["jti"]),
        "right": say(locale, RIGHT[right]),
        "outcome": say(locale, outcome),
        "only_label": say(locale, NO_LONGER if claims.get("purposes") else WHICH_DATA),
        "only": [
            *(say(locale, CATEGORY.get(name, name)) for name in claims.get("scope", ())),
            *(say(locale, PURPOSE[Purpose(name)]) for name in claims.get("purposes", ()) if name in tuple(Purpose)),
        ],
        "received_at": parse(claims["received_at"]),
        "verified_at": datetime.fromtimestamp(claims["iat"], UTC),
        "issuer": claims["iss"],
        "policy": claims["policy_version"],
        "data_map": claims["data_map"],
        "audit_head": claims["audit_head"],
        "stores": [_store(claims["jti"], told, locale) for told in claims["stores"]],
    }


def _store(request_id: str, told: dict[str, Any], locale: Locale) -> tuple[StoreCard, datetime | None]:
    """The card of one store, and when a recipient confirmed what we cannot look at ourselves."""
    is_recipient = "recipient" in told
    task = Task(
        request_id=request_id,
        store=told["store"],
        kind="partner" if is_recipient else "",
        stage=1,
        operation=Operation(told["operation"]),
        status=TaskStatus.DONE,
        counts=Counts.from_dict(told),
        refused=told.get("refused"),
        withheld=told.get("withheld", {}),
        verified_at=told.get("verified_at"),
        recipient=told | {"answer": told["recipient"]} if is_recipient else {},
    )
    confirmed = told.get("confirmed_at")
    return as_card(task, locale), parse(confirmed) if confirmed else None
