"""The short name of a request for people."""

import hashlib

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 characters without those that look alike (0 O 1 I)."""


def reference(request_id: str) -> str:
    """The short name of a request for people, such as `K7QM-2F4D`: to say and write down, proof of nothing."""
    number = int.from_bytes(hashlib.sha256(request_id.encode()).digest()[:5], "big")
    letters = "".join(_LETTERS[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"
