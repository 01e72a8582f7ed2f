"""What proves something: a bucket that is locked, keys whose signatures hold, and requests with a history."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from rights.anchoring import Anchoring, AnchorSettings
from rights.domain.rights import Channel, Locale, Right
from rights.ledger import Ledger, NewRequest
from rights.signing_keys import PublicKeys, Signer
from tests.support.clock import StoppedClock
from tests.support.kms import SigningKms

REGION = {"LocationConstraint": "ap-southeast-1"}
LOCK = {"Mode": "GOVERNANCE", "Days": 1826}


def locked_bucket(s3: Any, name: str) -> None:
    """A bucket as the template has it."""
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=REGION, ObjectLockEnabledForBucket=True)
    rule = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": LOCK}}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=rule)


class Archive:
    """The audit's bucket, the keys, and the job that fills it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.s3: Any = boto3.client("s3")
        self.kms = SigningKms()
        locked_bucket(self.s3, "audit")

    def job(self, key: str = "first", most_heads: int = 5000) -> Anchoring:
        settings = AnchorSettings(audit_bucket="audit", sign_key_id=key, base_url="https://mall.example")
        return Anchoring(self.ledger, self.s3, self.signer(key), settings, most_heads=most_heads)

    def signer(self, key: str) -> Signer:
        return Signer(self.kms, key, self.s3, "audit")

    def run(self, key: str = "first", most_heads: int = 5000) -> dict[str, int]:
        return self.job(key, most_heads).run(lambda: False)

    def keys(self, current: str = "first") -> dict[str, Any]:
        return PublicKeys(self.kms, current, self.s3, "audit", self.ledger.clock)()

    def digests(self) -> list[str]:
        names = [item["Key"] for item in self.s3.list_objects_v2(Bucket="audit", Prefix="digests/").get("Contents", ())]
        return [self.s3.get_object(Bucket="audit", Key=name)["Body"].read().decode() for name in names]


@pytest.fixture
def archive(ledger: Ledger) -> Archive:
    return Archive(ledger)


@pytest.fixture
def ask(ledger: Ledger) -> Callable[[], str]:
    return lambda: asked(ledger)


def asked(ledger: Ledger) -> str:
    """A request that came in."""
    new = NewRequest(right=Right.DELETION, channel=Channel.WEB, locale=Locale.EN, typed={"phone": "+85512345678"})
    return ledger.open_request(new).request.id


@pytest.fixture
def tomorrow(clock: StoppedClock) -> Callable[[], None]:
    return lambda: clock.advance(seconds=24 * 3600)
