"""The connector of sign-ins against moto, at its edges."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from local.mall.sign_ins import PARAMETER, create
from rights.datamap import StoreMap, load_data_map
from rights.domain.identity import Identifier, KeySet, Kind
from rights.domain.work import Counts, Disposition, Kept
from rights.errors import DataMapError, StoreRefusedError, StoreUnavailableError
from rights.stores.cognito import CognitoConnector
from rights.stores.contract import Change, ErasurePage, Seen
from tests.unit.stores.maps import ACCOUNT, PHONE, collection, field, person, store

TODAY = "2025-11-22"
LOGIN = load_data_map().store("login")
USERNAME = field("username", ACCOUNT, primary_key=True)
POOL = {"user_pool": PARAMETER}
ME, BOTH = person("acc-1"), person("acc-1", "acc-2")
PASSWORD = "Correct-horse-1"


class Pool:
    """The pool, and connectors to it."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("cognito-idp")
        self.ssm: Any = boto3.client("ssm")
        self.id: str = self.ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"]
        self.app: str = self.client.create_user_pool_client(
            UserPoolId=self.id,
            ClientName="web",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]["ClientId"]

    def connector(self, login: StoreMap = LOGIN, client: Any = None, page_size: int = 20) -> CognitoConnector:
        return CognitoConnector(login, client or self.client, self.ssm, page_size=page_size)

    def put(self, account: str, **attributes: str) -> None:
        create(self.client, self.id, {"username": account, **attributes})

    def users(self) -> dict[str, bool]:
        """Each username, and whether its user may sign in."""
        return {u["Username"]: u["Enabled"] for u in self.client.list_users(UserPoolId=self.id)["Users"]}

    def attributes(self, name: str) -> dict[str, str]:
        answer = self.client.admin_get_user(UserPoolId=self.id, Username=name)
        return {attribute["Name"]: attribute["Value"] for attribute in answer["UserAttributes"]}

    def enter(self, name: str) -> str:
        """Sign in with a password; the refresh token."""
        self.client.admin_set_user_password(UserPoolId=self.id, Username=name, Password=PASSWORD, Permanent=True)
        return str(self.sign_in("ADMIN_USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=PASSWORD)["RefreshToken"])

    def sign_in(self, flow: str, **given: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.admin_initiate_auth(
            UserPoolId=self.id, ClientId=self.app, AuthFlow=flow, AuthParameters=given
        )["AuthenticationResult"]
        return answer


@pytest.fixture
def pool(aws: None) -> Pool:
    return Pool()


def test_a_sign_in_is_exported_with_its_attributes(pool: Pool) -> None:
    pool.put("acc-1", phone_number="+85512000001", phone_number_verified="true", name="សុខា")
    pool.put("acc-2", name="B")
    page = pool.connector().read_page("users", ME, None)
    [record] = page.records
    assert page.next is None
    assert record.pop("sub")
    assert str(record.pop("created_at")).startswith("20")
    assert str(record.pop("modified_at")).startswith("20")
    assert record == {
        "username": "acc-1",
        "phone_number": "+85512000001",
        "phone_number_verified": "true",
        "name": "សុខា",
        "status": "FORCE_CHANGE_PASSWORD",
        "enabled": True,
    }


def test_pages_hold_every_user_once(pool: Pool) -> None:
    accounts = [f"acc-{number}" for number in range(5)]
    for name in accounts:
        pool.put(name)
    keys, connector = person(*accounts, "acc-gone"), pool.connector(page_size=2)
    found, planned, after = [], [], None
    for _ in range(3):
        page, plan = connector.read_page("users", keys, after), connector.plan_page("users", keys, after, TODAY)
        found += [record["username"] for record in page.records]
        planned += [change.key["username"] for change in plan.changes]
        assert page.next == plan.next
        after = page.next
    assert after is None
    assert found == planned == accounts
    assert connector.count(keys) == {"users": 5}


def test_freezing_shuts_the_sign_in_and_ends_its_sessions_and_nobody_elses(pool: Pool) -> None:
    for name in ("acc-1", "acc-2"):
        pool.put(name)
    mine, other = pool.enter("acc-1"), pool.enter("acc-2")
    connector = pool.connector()
    assert [connector.freeze(ME), connector.freeze(ME)] == [1, 1]
    assert pool.users() == {"acc-1": False, "acc-2": True}
    with pytest.raises(ClientError, match="NotAuthorized"):
        pool.sign_in("ADMIN_USER_PASSWORD_AUTH", USERNAME="acc-1", PASSWORD=PASSWORD)
    with pytest.raises(ClientError, match="NotAuthorized"):
        pool.sign_in("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=mine)
    assert pool.sign_in("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=other)["AccessToken"]


def test_freezing_where_nobody_signs_in_shuts_nothing(pool: Pool) -> None:
    pool.put("acc-2")
    assert pool.connector().freeze(ME) == 0
    assert pool.connector().freeze(person(phone="+85512000001")) == 0
    assert pool.users() == {"acc-2": True}


def test_a_frozen_sign_in_is_erased_and_reads_back_as_nothing(pool: Pool) -> None:
    pool.put("acc-1")
    pool.put("acc-2")
    connector = pool.connector()
    connector.freeze(ME)
    page = connector.plan_page("users", ME, None, TODAY)
    assert page.counts() == Counts(found=1, erased=1)
    connector.apply_page("users", ME, page)
    connector.apply_page("users", ME, page)
    assert connector.count(ME) == {"users": 0}
    assert connector.plan_page("users", ME, None, TODAY).changes == []
    assert pool.users() == {"acc-2": True}


def test_a_user_that_vanished_after_the_plan_is_no_obstacle(pool: Pool) -> None:
    for name in ("acc-1", "acc-2"):
        pool.put(name)
    connector = pool.connector()
    page = connector.plan_page("users", BOTH, None, TODAY)
    pool.client.admin_delete_user(UserPoolId=pool.id, Username="acc-1")
    connector.apply_page("users", BOTH, page)
    assert pool.users() == {}


def test_a_plan_for_somebody_else_changes_nothing(pool: Pool) -> None:
    pool.put("acc-1")
    page = pool.connector().plan_page("users", ME, None, TODAY)
    pool.connector().apply_page("users", person("acc-2"), page)
    assert pool.users() == {"acc-1": True}
    assert pool.connector().plan_rows("users", person("acc-2"), [{"username": "acc-1"}], TODAY).changes == []


def test_rows_are_judged_by_their_keys(pool: Pool) -> None:
    pool.put("acc-1")
    connector = pool.connector()
    rows = [{"username": "acc-1"}, {"username": "acc-gone"}]
    assert connector.plan_rows("users", BOTH, rows, TODAY) == connector.plan_page("users", BOTH, None, TODAY)


class Aliasing:
    """A client that finds users as Cognito does: by a verified contact or its own id too, not only by the name."""

    def __init__(self, client: Any, aliases: dict[str, str]) -> None:
        self._client = client
        self._aliases = aliases

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        return lambda **given: call(**given | {"Username": self._aliases.get(given["Username"], given["Username"])})


def test_a_phone_or_an_id_of_cognitos_own_is_never_taken_for_a_username(pool: Pool) -> None:
    pool.put("acc-1", phone_number="+85512000001", phone_number_verified="true")
    aliases = {"+85512000001": "acc-1", pool.attributes("acc-1")["sub"]: "acc-1"}
    connector = pool.connector(client=Aliasing(pool.client, aliases))
    assert connector.count(ME) == {"users": 1}
    for alias in aliases:
        assert connector.count(person(alias)) == {"users": 0}
        assert connector.freeze(person(alias)) == 0
        connector.apply_page("users", person(alias), ErasurePage([Change({"username": alias}, Disposition.ERASE)]))
    assert pool.users() == {"acc-1": True}


def test_a_rule_keeps_a_user_also_when_it_holds_only_after_the_plan(pool: Pool) -> None:
    rule = {"field": "name", "equals": "held", "ground": 7, "period": "P1Y", "reason": "dispute", "source": "policy"}
    kept = store(collection("users", USERNAME, field("name"), cognito=POOL, retain_when=[rule]), kind="cognito")
    pool.put("acc-1", name="free")
    connector = pool.connector(kept)
    page = connector.plan_page("users", ME, None, TODAY)
    assert page.to_do == 1
    pool.put("acc-2", name="held")
    [change] = connector.plan_page("users", person("acc-2"), None, TODAY).changes
    assert (change.disposition, change.kept) == (Disposition.RETAIN, Kept(7, "2026-11-22", 1, "dispute"))
    attributes = [{"Name": "name", "Value": "held"}]
    pool.client.admin_update_user_attributes(UserPoolId=pool.id, Username="acc-1", UserAttributes=attributes)
    connector.apply_page("users", ME, page)
    assert set(pool.users()) == {"acc-1", "acc-2"}


def test_a_sign_in_recognises_nobody_and_leads_nowhere_unless_the_map_says_so(pool: Pool) -> None:
    pool.put("acc-1", phone_number="+85512000001")
    assert not pool.connector().recognise(Identifier(Kind.PHONE, "+85512000001"))
    assert pool.connector().locate(ME) == KeySet()
    leading = store(collection("users", USERNAME, field("phone_number", PHONE), cognito=POOL), kind="cognito")
    assert pool.connector(leading).locate(ME) == person("acc-1", phone="+85512000001")


def test_a_user_that_an_attribute_gives_to_another_account_is_not_theirs(pool: Pool) -> None:
    marked = store(collection("users", USERNAME, field("nickname", ACCOUNT), cognito=POOL), kind="cognito")
    pool.put("acc-1", nickname="acc-2")
    assert pool.connector(marked).count(ME) == {"users": 0}
    assert pool.connector(marked).count(BOTH) == {"users": 1}


def test_what_a_sign_in_repeats_of_a_person_is_seen(pool: Pool) -> None:
    pool.put("acc-1", phone_number="+85512000001", name="A")
    assert pool.connector().seen(ME, ["email", "phone"]) == [
        Seen("users", {"username": "acc-1"}, "phone_number", "phone", "+85512000001")
    ]
    assert pool.connector().seen(ME, ["address"]) == []


def correct(pool: Pool, name: str, before: str | None, after: str, account: str = "acc-1") -> str:
    return pool.connector().correct("users", ME, {"username": account}, name, before, after)


def test_a_correction_replaces_the_value_that_was_seen_and_no_other(pool: Pool) -> None:
    pool.put("acc-1", name="Soka")
    assert [correct(pool, "name", "Soka", "Sokha"), correct(pool, "name", "Soka", "Sokha")] == ["corrected"] * 2
    assert correct(pool, "name", "Soka", "Dara") == "conflict"
    assert pool.attributes("acc-1")["name"] == "Sokha"
    assert correct(pool, "name", "Soka", "Dara", account="acc-2") == "gone"
    assert correct(pool, "email", None, "new@example.com") == "corrected"


def test_a_verified_contact_stays_verified_and_an_unverified_one_does_not_become_so(pool: Pool) -> None:
    pool.put("acc-1", phone_number="+85512000001", phone_number_verified="true", email="old@example.com")
    assert correct(pool, "phone_number", "+85512000001", "+85512000002") == "corrected"
    assert correct(pool, "email", "old@example.com", "new@example.com") == "corrected"
    now = pool.attributes("acc-1")
    assert (now["phone_number"], now["phone_number_verified"]) == ("+85512000002", "true")
    assert (now["email"], now.get("email_verified", "false")) == ("new@example.com", "false")


class Failing:
    """A client of which one call fails."""

    def __init__(self, client: Any, call: str, error: Exception) -> None:
        self._client = client
        self._call = call
        self._error = error

    def __getattr__(self, name: str) -> Any:
        return self._fail if name == self._call else getattr(self._client, name)

    def _fail(self, **_: Any) -> Any:
        raise self._error


def failure(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "acc-1"}}, operation)


@pytest.mark.parametrize(("code", "result"), [("AliasExistsException", "conflict"), ("UserNotFoundException", "gone")])
def test_a_contact_of_another_sign_in_is_a_conflict(pool: Pool, code: str, result: str) -> None:
    pool.put("acc-1", name="A")
    error = failure(code, "AdminUpdateUserAttributes")
    connector = pool.connector(client=Failing(pool.client, "admin_update_user_attributes", error))
    assert connector.correct("users", ME, {"username": "acc-1"}, "name", "A", "B") == result


@pytest.mark.parametrize(
    ("error", "ours", "words"),
    [
        (failure("TooManyRequestsException", "X"), StoreUnavailableError, "X: TooManyRequestsException"),
        (failure("InternalErrorException", "X"), StoreUnavailableError, "X: InternalErrorException"),
        (failure("NotAuthorizedException", "X"), StoreRefusedError, "X: NotAuthorizedException"),
        (ConnectTimeoutError(endpoint_url="https://acc-1"), StoreUnavailableError, "ConnectTimeoutError"),
    ],
)
@pytest.mark.parametrize(
    "call", ["admin_get_user", "admin_delete_user", "admin_disable_user", "admin_update_user_attributes"]
)
def test_errors_are_told_apart_and_quote_nothing(
    pool: Pool, error: Exception, ours: type[Exception], words: str, call: str
) -> None:
    pool.put("acc-1", name="A")
    page = pool.connector().plan_page("users", ME, None, TODAY)
    connector = pool.connector(client=Failing(pool.client, call, error))
    attempts: dict[str, Callable[[], object]] = {
        "admin_get_user": lambda: connector.count(ME),
        "admin_delete_user": lambda: connector.apply_page("users", ME, page),
        "admin_disable_user": lambda: connector.freeze(ME),
        "admin_update_user_attributes": lambda: connector.correct("users", ME, page.changes[0].key, "name", "A", "B"),
    }
    with pytest.raises(ours) as caught:
        attempts[call]()
    assert str(caught.value) == words


def test_a_missing_parameter_is_a_refusal(pool: Pool) -> None:
    pool.ssm.delete_parameter(Name=PARAMETER)
    with pytest.raises(StoreRefusedError, match=r"^GetParameter: ParameterNotFound$"):
        pool.connector().count(ME)


def test_users_in_two_pools_are_two_stores(pool: Pool) -> None:
    twice = [collection(name, USERNAME, cognito={"user_pool": name}) for name in ("a", "b")]
    with pytest.raises(DataMapError, match="in one pool"):
        pool.connector(store(*twice, kind="cognito")).count(ME)
