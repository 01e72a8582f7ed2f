"""Keyed hashes for one purpose each: pseudonyms, status tokens, codes, idempotency keys.

All come from one secret; the purpose is part of what is hashed, so a tag made for one is worthless for another.
"""

import hashlib
import hmac
import json
from collections.abc import Callable


class Hmac:
    """Tags texts under one secret, one purpose at a time; a secret given as a function is asked for when needed."""

    def __init__(self, secret: bytes | Callable[[], bytes]) -> None:
        self._root = secret

    def tag_of(self, purpose: str, *parts: str) -> str:
        """The hex tag (64 characters) of the parts for this purpose."""
        if callable(self._root):
            self._root = self._root()
        key = hmac.new(self._root, purpose.encode(), hashlib.sha256).digest()
        # Half a character in somebody's token is a wrong token, and no reason to fall over.
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")
        return hmac.new(key, text, hashlib.sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two tags in constant time."""
    return hmac.compare_digest(left.encode(errors="surrogatepass"), right.encode(errors="surrogatepass"))
