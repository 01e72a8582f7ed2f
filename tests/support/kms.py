# ruff: noqa: N803 - boto's names
"""Signing keys as KMS keeps them: DER in and out, and signatures that hold (moto hashes a digest once more)."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class SigningKms:
    """Signing keys by id, each made when it is first named."""

    def __init__(self) -> None:
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}

    def _key(self, key_id: str) -> ec.EllipticCurvePrivateKey:
        if key_id not in self._keys:
            self._keys[key_id] = ec.generate_private_key(ec.SECP256R1())
        return self._keys[key_id]

    def get_public_key(self, *, KeyId: str) -> dict[str, bytes]:
        public = self._key(KeyId).public_key()
        return {"PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}

    def sign(
        self,
        *,
        KeyId: str,
        Message: bytes,
        MessageType: str,
        SigningAlgorithm: str,
    ) -> dict[str, bytes]:
        assert (MessageType, SigningAlgorithm) == ("DIGEST", "ECDSA_SHA_256")
        return {"Signature": self._key(KeyId).sign(Message, ec.ECDSA(Prehashed(hashes.SHA256())))}
