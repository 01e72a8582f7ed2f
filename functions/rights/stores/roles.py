"""Reaching a store as its owner allows: by assuming the one role that its data map names."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rights.errors import StoreRefusedError, StoreUnavailableError

_SESSION = timedelta(hours=1)
_MARGIN = timedelta(minutes=20)
"""Longer than a function may run, so that credentials never end in the middle of an invocation."""

_PATIENCE = Config(
    connect_timeout=3, read_timeout=20, max_pool_connections=16, retries={"mode": "standard", "max_attempts": 4}
)

_GIVING_WAY = _PATIENCE.merge(Config(retries={"mode": "adaptive", "max_attempts": 6}))
"""For tables, whose capacity is the shop's: what is throttled slows all calls of the client down until it passes."""

_TRANSIENT = frozenset(
    {
        "500",
        "502",
        "503",
        "504",
        "ExpiredToken",
        "ExpiredTokenException",
        "InternalError",
        "InternalErrorException",
        "InternalServerError",
        "InternalServiceError",
        "LimitExceededException",
        "OperationAborted",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeTooSkewed",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
    }
)


class Roles:
    """Clients under assumed roles, each kept until shortly before its credentials expire.

    `external_ids` are what the owners of roles in other accounts want to be told, by `role_arn` (`StoreRights`).
    """

    def __init__(
        self,
        sts: Any,
        account_id: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        external_ids: Mapping[str, str] | None = None,
    ) -> None:
        self._sts = sts
        self._account_id = account_id
        self._now = now
        self._external_ids = external_ids or {}
        self._kept: dict[tuple[str, str], tuple[Any, datetime]] = {}

    def fill(self, text: str) -> str:
        """A text of the data map with `${AccountId}` filled in."""
        return text.replace("${AccountId}", self._account_id)

    def client(self, service: str, role_arn: str) -> Any:
        """A client of this service that acts under the role."""
        client, until = self._kept.get((service, role_arn), (None, self._now()))
        if client is None or until - self._now() < _MARGIN:
            client, until = self._assume(service, role_arn)
            self._kept[service, role_arn] = client, until
        return client

    def _assume(self, service: str, role_arn: str) -> tuple[Any, datetime]:
        told = {"ExternalId": self._external_ids[role_arn]} if role_arn in self._external_ids else {}
        try:
            made = self._sts.assume_role(
                RoleArn=self.fill(role_arn),
                RoleSessionName="data-rights",
                DurationSeconds=int(_SESSION.total_seconds()),
                **told,
            )["Credentials"]
        except (ClientError, BotoCoreError) as error:
            raise aws_error(error) from None
        client = boto3.client(  # type: ignore[call-overload]
            service,
            config=_GIVING_WAY if service == "dynamodb" else _PATIENCE,
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
            aws_session_token=made["SessionToken"],
        )
        return client, made["Expiration"]


def aws_error(error: ClientError | BotoCoreError) -> StoreUnavailableError | StoreRefusedError:
    """The error of ours for one of AWS's: by its code only, since its text may quote a key or a value."""
    if not isinstance(error, ClientError):
        return StoreUnavailableError(type(error).__name__)
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    return (StoreUnavailableError if code in _TRANSIENT else StoreRefusedError)(f"{error.operation_name}: {code}")


@contextmanager
def speaking() -> Iterator[None]:
    """What AWS refuses in here is raised as one of our errors, without the values it was about."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise aws_error(error) from None
