"""The status token: the bearer's right to see one request.

It is `<request id>.<tag>`, so a link needs nothing else. The tag is an HMAC over the request id and its epoch: it can
be made again at any time, is stored nowhere, and raising the epoch revokes it.
"""

import hashlib

from rights.secrets_hmac import Hmac, same

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 characters without those that look alike (0 O 1 I)."""


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


def reference(request_id: str) -> str:
    """The short name of a request for people, such as `K7QM-2F4D`: to say and write down, proof of nothing."""
    number = int.from_bytes(hashlib.sha256(request_id.encode()).digest()[:5], "big")
    letters = "".join(_LETTERS[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"
