"""Sealed personal data: AES-256-GCM under a KMS data key that only opens for the request it was made for.

KMS itself takes 4 KB, so this is envelope encryption: the data key travels encrypted in front of the text. The request
id is the encryption context of the key and the associated data of the cipher; a blob moved to another request does not
open. Layout: version (1 byte), length of the wrapped key (2), wrapped key, nonce (12), cipher text with tag. Version 1
has the JSON as it is, version 2 compressed (zlib): what is long is mostly row keys, which are much alike.
"""

import json
import os
import zlib
from collections import OrderedDict
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rights.errors import SealError

_PLAIN, _COMPRESSED = 1, 2
_LONG = 1024
_KEYS_REMEMBERED = 64


class Sealer:
    """Seals JSON values to a request, and opens them; remembers a few data keys to spare KMS calls."""

    def __init__(self, kms: Any, key_id: str) -> None:
        self._kms = kms
        self._key_id = key_id
        self._sealing: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()
        self._opening: OrderedDict[bytes, bytes] = OrderedDict()

    def seal(self, request_id: str, data: Any) -> bytes:
        """Seal a JSON value to this request."""
        key, wrapped = self._key_for(request_id)
        nonce = os.urandom(12)
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
        version = _PLAIN
        if len(text) > _LONG:
            version, text = _COMPRESSED, zlib.compress(text, level=1)
        head = bytes([version]) + len(wrapped).to_bytes(2, "big") + wrapped
        return head + nonce + AESGCM(key).encrypt(nonce, text, request_id.encode())

    def open(self, request_id: str, sealed: bytes) -> Any:
        """Open what was sealed to this request; SealError if it was sealed to another, or changed."""
        if not sealed or sealed[0] not in {_PLAIN, _COMPRESSED}:
            msg = "not a sealed value of a known version"
            raise SealError(msg)
        size = int.from_bytes(sealed[1:3], "big")
        wrapped, rest = sealed[3 : 3 + size], sealed[3 + size :]
        key = self._unwrap(request_id, wrapped)
        try:
            text = AESGCM(key).decrypt(rest[:12], rest[12:], request_id.encode())
        except InvalidTag:
            msg = "sealed value does not open for this request"
            raise SealError(msg) from None
        # It opened for this request, so it is this request's key: what is sealed next needs no other.
        if request_id not in self._sealing:
            _remember(self._sealing, request_id, (key, wrapped))
        return json.loads(zlib.decompress(text) if sealed[0] == _COMPRESSED else text)

    def _key_for(self, request_id: str) -> tuple[bytes, bytes]:
        known = self._sealing.get(request_id)
        if known is None:
            made = self._kms.generate_data_key(
                KeyId=self._key_id, KeySpec="AES_256", EncryptionContext={"request": request_id}
            )
            known = (made["Plaintext"], made["CiphertextBlob"])
            _remember(self._sealing, request_id, known)
            _remember(self._opening, known[1], known[0])
        return known

    def _unwrap(self, request_id: str, wrapped: bytes) -> bytes:
        key = self._opening.get(wrapped)
        if key is None:
            try:
                answer = self._kms.decrypt(
                    KeyId=self._key_id, CiphertextBlob=wrapped, EncryptionContext={"request": request_id}
                )
            except self._kms.exceptions.InvalidCiphertextException:
                msg = "sealed value belongs to another request"
                raise SealError(msg) from None
            key = bytes(answer["Plaintext"])
            _remember(self._opening, wrapped, key)
        return key


def _remember(cache: OrderedDict[Any, Any], name: Any, value: Any) -> None:
    # Several threads may ask at once: nobody reads a name again after it was put in.
    cache[name] = value
    if len(cache) > _KEYS_REMEMBERED:
        cache.popitem(last=False)
