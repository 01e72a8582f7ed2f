"""Status tokens are made anew, never stored, and open one request only."""

import re

from hypothesis import given
from hypothesis import strategies as st

from rights import status_token
from rights.ledger.requests import new_request_id
from rights.secrets_hmac import Hmac

HMAC = Hmac(b"secret")


def test_a_token_opens_its_own_request_only() -> None:
    token = status_token.issue(HMAC, "A", 1)
    assert status_token.request_of(token) == "A"
    assert status_token.is_valid(HMAC, "A", 1, token)
    assert not status_token.is_valid(HMAC, "B", 1, token)
    assert not status_token.is_valid(HMAC, "A", 1, "B." + token.partition(".")[2])
    assert not status_token.is_valid(HMAC, "A", 1, "")
    assert not status_token.is_valid(Hmac(b"other"), "A", 1, token)


def test_a_link_opens_its_own_request_only() -> None:
    link = status_token.issue_link(HMAC, "A", 1)
    assert status_token.is_link(HMAC, "A", 1, link)
    assert not status_token.is_link(HMAC, "B", 1, link)
    assert not status_token.is_link(HMAC, "A", 1, "")
    assert not status_token.is_link(Hmac(b"other"), "A", 1, link)


def test_none_of_the_tokens_serves_as_another() -> None:
    bearer, link, stop = (
        status_token.issue(HMAC, "A", 1),
        status_token.issue_link(HMAC, "A", 1),
        status_token.issue_stop(HMAC, "A"),
    )
    assert not status_token.is_valid(HMAC, "A", 1, link)
    assert not status_token.is_link(HMAC, "A", 1, bearer)
    assert not any(status_token.is_valid(HMAC, "A", 1, stop + rest) for rest in ("", link[-32:]))
    assert not status_token.may_stop(HMAC, link)


def test_a_new_epoch_revokes_token_and_link() -> None:
    assert not status_token.is_valid(HMAC, "A", 2, status_token.issue(HMAC, "A", 1))
    assert not status_token.is_link(HMAC, "A", 2, status_token.issue_link(HMAC, "A", 1))


@given(st.text())
def test_a_reference_is_eight_characters_that_cannot_be_mistaken(request_id: str) -> None:
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", status_token.reference(request_id))


def test_references_differ() -> None:
    assert len({status_token.reference(new_request_id()) for _ in range(1000)}) == 1000
