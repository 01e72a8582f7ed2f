"""A user pool of operators, played: a key, its key set, and tokens as Cognito makes them."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

ISSUER = "https://cognito-idp.ap-southeast-1.amazonaws.com/ap-southeast-1_Operators"
CLIENT_ID = "console-client"
HOSTED_UI = "https://operators.auth.ap-southeast-1.amazoncognito.com"


class Pool:
    """A pool with one key."""

    def __init__(self, kid: str = "pool-key-1") -> None:
        self.kid = kid
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.asked = 0

    def key_set(self) -> dict[str, Any]:
        """What lies at `/.well-known/jwks.json`."""
        self.asked += 1
        numbers = self._key.public_key().public_numbers()
        e, n = (packed(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in (numbers.e, numbers.n))
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "e": e, "n": n}]}

    def token(self, sub: str, *groups: str, at: datetime, lives: int = 3600, **claims: Any) -> str:
        """The ID token of somebody in these groups, made now; a claim that is None is left out."""
        now = int(at.timestamp())
        said: dict[str, Any] = {
            "sub": sub,
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "token_use": "id",
            "iat": now,
            "exp": int((at + timedelta(seconds=lives)).timestamp()),
            "cognito:username": sub,
            "cognito:groups": list(groups),
        }
        said |= claims
        return self.signed({name: value for name, value in said.items() if value is not None})

    def signed(self, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
        """Claims under this pool's key."""
        head = header or {"alg": "RS256", "kid": self.kid}
        text = ".".join(packed(json.dumps(part).encode()) for part in (head, claims))
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), SHA256())
        return f"{text}.{packed(signature)}"


def packed(value: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
