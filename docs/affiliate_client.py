"""A client of the affiliates' door: signs a call (RFC 9421, Ed25519) and sends it. See affiliates.md.

python affiliate_client.py https://rights.mall.example cpes/2026-11 private.pem POST /requests < request.json
python affiliate_client.py https://rights.mall.example cpes/2026-11 private.pem GET /requests/<subject_request_id>
"""

import base64
import hashlib
import secrets
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

ROOT = "/opendsr/v2"


def signed(method: str, url: str, body: bytes, key_id: str, key: Ed25519PrivateKey) -> dict[str, str]:
    """The header fields that sign one call; each signature is good for one call within five minutes."""
    parts = urlsplit(url)
    covered = {"@method": method, "@authority": parts.netloc, "@path": parts.path}
    headers = {}
    if body:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers = {"Content-Type": "application/json", "Content-Digest": f"sha-256=:{digest}:"}
        covered |= {name.lower(): value for name, value in headers.items()}
    names = " ".join(f'"{name}"' for name in covered)
    nonce = secrets.token_urlsafe(24)
    params = f'({names});created={int(time.time())};nonce="{nonce}";keyid="{key_id}";alg="ed25519"'
    base = "\n".join([*(f'"{name}": {value}' for name, value in covered.items()), f'"@signature-params": {params}'])
    signature = base64.b64encode(key.sign(base.encode())).decode()
    return headers | {"Signature-Input": f"sig={params}", "Signature": f"sig=:{signature}:"}


def call(method: str, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """Send a call; its status and answer."""
    request = urllib.request.Request(url, data=body or None, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


if __name__ == "__main__":
    base_url, key_id, key_file, method, path = sys.argv[1:]
    key = load_pem_private_key(Path(key_file).read_bytes(), None)
    body = sys.stdin.buffer.read() if method == "POST" else b""
    url = base_url + ROOT + path
    status, answer = call(method, url, body, signed(method, url, body, key_id, key))
    print(status, answer.decode())
