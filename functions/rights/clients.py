"""AWS clients: made when first needed, then kept for the life of the process."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_PATIENCE = Config(connect_timeout=3, read_timeout=20, retries={"mode": "standard", "max_attempts": 4})
_ONE_LONG_CALL = Config(connect_timeout=3, read_timeout=900, retries={"mode": "standard", "max_attempts": 1})


@cache
def client(service: str) -> Any:
    """The client of a service, with bounded waits; Lambda calls wait as long as a function may run."""
    return boto3.client(service, config=_ONE_LONG_CALL if service == "lambda" else _PATIENCE)  # type: ignore[call-overload]


def link_client() -> Any:
    """An S3 client whose links work for objects under a KMS key (signature 4), in the bucket's own region."""
    return boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
