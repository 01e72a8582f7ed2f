from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError

from rights.errors import StoreRefusedError, StoreUnavailableError
from rights.stores.roles import Roles, aws_error

START = datetime(2025, 11, 22, tzinfo=UTC)
ROLE = "arn:aws:iam::${AccountId}:role/shop"


class Sts:
    """Hands out credentials for an hour."""

    def __init__(self) -> None:
        self.now = START
        self.asked: list[str] = []
        self.told: list[str | None] = []

    def assume_role(self, *, RoleArn: str, DurationSeconds: int, **more: Any) -> dict[str, Any]:  # noqa: N803
        self.asked.append(RoleArn)
        self.told.append(more.get("ExternalId"))
        until = self.now + timedelta(seconds=DurationSeconds)
        made = {"AccessKeyId": "a", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": until}
        return {"Credentials": made}


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Sts:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")
    return Sts()


def roles(sts: Sts) -> Roles:
    return Roles(sts, "123456789012", lambda: sts.now)


def test_the_owner_of_a_role_in_another_account_is_told_the_external_id_and_nobody_else(sts: Sts) -> None:
    theirs = "arn:aws:iam::210987654321:role/shop"
    reached = Roles(sts, "123456789012", lambda: sts.now, {theirs: "shop-1"})
    reached.client("s3", theirs)
    reached.client("s3", ROLE)
    assert sts.told == ["shop-1", None]


def test_a_role_of_the_data_map_is_assumed_in_the_account_it_runs_in(sts: Sts) -> None:
    roles(sts).client("dynamodb", ROLE)
    assert sts.asked == ["arn:aws:iam::123456789012:role/shop"]


def test_a_client_is_kept_until_shortly_before_its_credentials_expire(sts: Sts) -> None:
    ours = roles(sts)
    first = ours.client("s3", ROLE)
    sts.now = START + timedelta(minutes=39)
    assert ours.client("s3", ROLE) is first
    sts.now = START + timedelta(minutes=41)
    assert ours.client("s3", ROLE) is not first
    assert len(sts.asked) == 2


def test_each_role_has_a_client_of_its_own(sts: Sts) -> None:
    ours = roles(sts)
    assert ours.client("s3", ROLE) is not ours.client("s3", ROLE + "-2")


def test_a_role_that_may_not_be_assumed_is_a_refusal(sts: Sts) -> None:
    class Closed(Sts):
        def assume_role(self, **_: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "for acc-1"}}, "AssumeRole")

    with pytest.raises(StoreRefusedError) as refused:
        roles(Closed()).client("s3", ROLE)
    assert str(refused.value) == "AssumeRole: AccessDenied"
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "Query"), StoreUnavailableError),
        (ClientError({"Error": {"Code": "SlowDown"}}, "GetObject"), StoreUnavailableError),
        (ConnectTimeoutError(endpoint_url="https://x"), StoreUnavailableError),
        (ClientError({"Error": {"Code": "ValidationException"}}, "Query"), StoreRefusedError),
        (ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Query"), StoreRefusedError),
        (ClientError({}, "Query"), StoreRefusedError),
    ],
)
def test_errors_are_worth_retrying_or_not(error: ClientError | BotoCoreError, ours: type[Exception]) -> None:
    assert type(aws_error(error)) is ours
