"""The tokens of one request: one for programs, one for the link that people keep, one that only stops it.

Each is `<request id>.<tag>`, so a link needs nothing else. The tag is an HMAC for one purpose, so none serves as
another. Those that open the request hash its epoch too: they can be made again at any time, are stored nowhere, and
raising the epoch revokes both.
"""

from rights.domain.reference import reference
from rights.secrets_hmac import Hmac, same

__all__ = ["is_link", "is_valid", "issue", "issue_link", "issue_stop", "may_stop", "reference", "request_of"]


def issue(hmac: Hmac, request_id: str, epoch: int) -> str:
    """The status token of a request: whoever sends it as a bearer sees all of it and may do all that its person may."""
    return f"{request_id}.{hmac.tag_of('status', request_id, str(epoch))}"


def is_valid(hmac: Hmac, request_id: str, epoch: int, token: str) -> bool:
    """Tell, in constant time, whether the status token was issued for this request and epoch."""
    return same(issue(hmac, request_id, epoch), token)


def issue_link(hmac: Hmac, request_id: str, epoch: int) -> str:
    """The token of the link that people keep: alone it shows where the request stands, and can withdraw it."""
    return f"{request_id}.{hmac.tag_of('link', request_id, str(epoch))}"


def is_link(hmac: Hmac, request_id: str, epoch: int, token: str) -> bool:
    """Tell, in constant time, whether the link's token was issued for this request and epoch."""
    return same(issue_link(hmac, request_id, epoch), token)


def issue_stop(hmac: Hmac, request_id: str) -> str:
    """The token of the link that stops a request in its cooling-off, and shows nothing."""
    return f"{request_id}.{hmac.tag_of('stop', request_id)[:32]}"


def may_stop(hmac: Hmac, token: str) -> bool:
    """Tell, in constant time, whether a stop token is ours."""
    return same(issue_stop(hmac, request_of(token)), token)


def request_of(token: str) -> str:
    """The request a token claims to be for; nothing is checked."""
    return token.partition(".")[0]
