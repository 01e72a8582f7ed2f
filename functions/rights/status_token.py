"""The status token: the bearer's right to see one request.

It is `<request id>.<tag>`, so a link needs nothing else. The tag is an HMAC over the request id and its epoch: it can
be made again at any time, is stored nowhere, and raising the epoch revokes it.
"""

from rights.domain.reference import reference
from rights.secrets_hmac import Hmac, same

__all__ = ["is_valid", "issue", "issue_stop", "may_stop", "reference", "request_of"]


def issue(hmac: Hmac, request_id: str, epoch: int) -> str:
    """The status token of a request."""
    return f"{request_id}.{hmac.tag_of('status', request_id, str(epoch))}"


def issue_stop(hmac: Hmac, request_id: str) -> str:
    """The token of the link that stops a request in its cooling-off, and shows nothing."""
    return f"{request_id}.{hmac.tag_of('stop', request_id)[:32]}"


def may_stop(hmac: Hmac, token: str) -> bool:
    """Tell, in constant time, whether a stop token is ours."""
    return same(issue_stop(hmac, request_of(token)), token)


def request_of(token: str) -> str:
    """The request a token claims to be for; nothing is checked."""
    return token.partition(".")[0]


def is_valid(hmac: Hmac, request_id: str, epoch: int, token: str) -> bool:
    """Tell, in constant time, whether the token was issued for this request and epoch."""
    return same(issue(hmac, request_id, epoch), token)
