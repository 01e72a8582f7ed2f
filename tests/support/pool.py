"""A user pool of operators, played: a key, its key set, and tokens as Cognito makes them."""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

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

    def token(self, sub: str, /, *groups: str, at: datetime, lives: int = 3600, **claims: Any) -> str:
        """The ID token of somebody in these groups, made now; a claim that is None is left out.

        Without other claims their phone and email are verified, and nobody's who ever asks for anything.
        """
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
            "phone_number": "+85599000001",
            "phone_number_verified": True,
            "email": f"{sub}@operators.example",
            "email_verified": True,
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


@dataclass
class Domain:
    """The pool's own domain, served on this machine: codes that are good once, PKCE, the key set."""

    pool: Pool
    clock: Callable[[], datetime]
    url: str = ""
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    broken: bool = False

    def sign_in(self, address: str, sub: str, /, *groups: str, **claims: Any) -> dict[str, str]:
        """What the pool's page hands a browser back to us with, once somebody signed in on it at this address."""
        query = dict(parse_qsl(urlsplit(address).query))
        code = f"code-{len(self.codes)}"
        self.codes[code] = query | {"who": (sub, groups, claims)}
        return {"code": code, "state": query["state"]}

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The answer of `/oauth2/token`."""
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        challenge = packed(hashlib.sha256(form["code_verifier"].encode()).digest())
        if challenge != asked["code_challenge"] or form["client_id"] != asked["client_id"]:
            return 400, {"error": "invalid_grant"}
        sub, groups, claims = asked["who"]
        said = {"nonce": asked["nonce"]} | claims
        return 200, {"id_token": self.pool.token(sub, *groups, at=self.clock(), **said), "access_token": "a"}


@contextmanager
def serving(pool: Pool, clock: Callable[[], datetime]) -> Iterator[Domain]:
    """The pool's domain on a free port."""
    domain = Domain(pool, clock)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            domain.asked.append(self.path)
            self._say(200, domain.pool.key_set())

        def do_POST(self) -> None:
            domain.asked.append(self.path)
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self._say(*((500, {}) if domain.broken else domain.token(form)))

        def _say(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    domain.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield domain
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
