"""Without proof nothing happens, and nobody reaches another's data through what two people share."""

import re
from collections.abc import Callable

import httpx
import pytest

from local.cloud import Cloud
from local.mall import Expectation, expected_access, expected_deletion, fingerprint
from tests.workflow.asking import COUNTS, Asking, Public, counts_of, expected
from tests.workflow.book import Book
from tests.workflow.conftest import Crowd
from tests.workflow.controls import Operator, settings
from tests.workflow.package import MASK, download
from tests.workflow.waiting import eventually

UNKNOWN = "+85512999999"
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)?|\d\d:\d\d")


def dropped(book: Book, asking: Asking) -> bool:
    """Whether the notice of the code has been dealt with, and went to nobody."""
    return {notice["status"] for notice in book.items(asking.id, "NOTICE#")} == {"failed"}


def both(one: dict[str, Expectation], other: dict[str, Expectation]) -> dict[str, dict[str, int]]:
    return {store: {name: getattr(one[store], name) + getattr(other[store], name) for name in COUNTS} for store in one}


# --- no proof


def test_a_code_that_is_never_entered_lets_the_request_expire_and_nothing_is_read_or_changed(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    person = crowd.someone("orders")
    everybody = fingerprint(cloud.stores, cloud.mall)
    with settings(cloud, "RelayFunction", identity_timeout_seconds=4):
        asking = public.ask("deletion", phone=person.phone)
        asking.read_code()
        shown = asking.until("expired")
    assert shown["next"] == []
    assert "stores" not in shown
    assert asking.enter(asking.sent_codes()[0]).status_code == 409
    assert book.tasks(asking.id) == {}
    assert not any(item["SK"] == "PRIVATE#subject" for item in book.items(asking.id))
    assert not book.is_at(asking.id, "PlanRequest")
    assert [run["status"] for run in book.runs(asking.id)] == ["SUCCEEDED"]
    assert book.chain_holds(asking.id)
    assert fingerprint(cloud.stores, cloud.mall) == everybody


def test_until_a_code_is_entered_no_store_is_searched_for_data(public: Public, crowd: Crowd, book: Book) -> None:
    asking = public.ask("access", phone=crowd.someone().phone)
    asking.read_code()
    shown = asking.until("identity_needed")
    assert shown["next"] == ["code", "withdraw"]
    assert shown.keys().isdisjoint({"stores", "notices"})
    assert book.tasks(asking.id) == {}
    assert asking.call("POST", "/withdraw").json()["status"] == "withdrawn"
    eventually(lambda: [run["status"] for run in book.runs(asking.id)] == ["SUCCEEDED"], "end of the run")


# --- attackers


def test_my_phone_and_your_mail_with_my_code_alone_never_reaches_your_data(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    attacker, victim = crowd.someone("orders"), crowd.someone("orders")
    asking = public.ask("access", phone=attacker.phone, email=victim.email)
    reply = asking.enter(asking.read_code("phone"))
    assert (reply.status_code, reply.json()["proven"]) == (200, False)
    assert asking.look()["status"] == "identity_needed"
    assert book.tasks(asking.id) == {}

    assert asking.call("POST", "/code", json={"proceed": True}).status_code == httpx.codes.OK
    asking.until_told("completed")
    assert counts_of(asking.look()["stores"]) == expected(expected_access(cloud.mall, attacker))
    assert download(asking).strangers(cloud.mall, attacker) == []
    # The victim got a code, which nobody entered, and no word of the outcome.
    assert len(asking.new_messages("email")) == 1


@pytest.mark.parametrize(("name", "other"), [("family_a", "family_b"), ("family_b", "family_a")])
def test_of_a_family_that_shares_phone_device_and_address_each_gets_their_own(
    cloud: Cloud, public: Public, operator: Operator, name: str, other: str
) -> None:
    person, relative = cloud.mall.special(name), cloud.mall.special(other)
    asking = public.ask("access", phone=person.phone).prove()
    operator.releases(asking.id)
    asking.until_told("completed")
    assert counts_of(asking.look()["stores"]) == expected(expected_access(cloud.mall, person))
    package = download(asking)
    # The shared number is in it as the number of deliveries, and so it is no stranger.
    assert set(package.strangers(cloud.mall, person)) <= {cloud.mall.special("family_a").phone}
    for rows in relative.rows.values():
        for row in rows:
            assert not {str(row.get(key)) for key in ("order_id", "ticket_id", "key")} & told_keys(package.records)


def told_keys(records: dict[str, list[dict[str, object]]]) -> set[str]:
    return {
        str(row[key])
        for rows in records.values()
        for row in rows
        for key in ("order_id", "ticket_id", "key")
        if row.get(key)
    }


def test_a_deletion_by_one_of_a_family_leaves_the_other_untouched(cloud: Cloud, public: Public, book: Book) -> None:
    child = cloud.mall.special("family_b")
    others = fingerprint(cloud.stores, cloud.mall, (child,))
    asking = public.ask("deletion", email=child.email).prove()
    asking.until_told("completed", "completed_in_part")
    assert counts_of(asking.look()["stores"]) == expected(expected_deletion(cloud.mall, child))
    assert fingerprint(cloud.stores, cloud.mall, (child,)) == others
    assert book.chain_holds(asking.id)


# Before the consignee's deletion, which changes rows of these orders.
def test_whoever_ordered_for_others_gets_the_orders_and_not_the_others(cloud: Cloud, public: Public) -> None:
    giver = cloud.mall.special("gift_giver")
    asking = public.ask("access", email=giver.email).prove()
    asking.until_told("completed")
    assert counts_of(asking.look()["stores"]) == expected(expected_access(cloud.mall, giver))
    package = download(asking)
    assert package.strangers(cloud.mall, giver) == []
    own = [row for row in package.records["orders/consignees"] if row["phone"] == giver.phone]
    masked = [row for row in package.records["orders/consignees"] if row["phone"] == MASK]
    mine = [row for row in giver.rows["consignees"] if row["phone"] == giver.phone]
    assert (len(own), len(masked)) == (len(mine), len(giver.rows["consignees"]) - len(mine))


def test_a_consignee_without_account_gets_only_the_rows_that_carry_their_phone(cloud: Cloud, public: Public) -> None:
    consignee, giver = cloud.mall.special("consignee"), cloud.mall.special("gift_giver")
    asking = public.ask("access", phone=consignee.phone).prove()
    asking.until_told("completed")
    assert counts_of(asking.look()["stores"]) == expected(expected_access(cloud.mall, consignee))
    package = download(asking)
    rows = {name: found for name, found in package.records.items() if found}
    assert rows.keys() == {"orders/consignees"}
    assert {row["phone"] for row in rows["orders/consignees"]} == {consignee.phone}
    assert package.strangers(cloud.mall, consignee) == []
    assert giver.name not in package.text

    others = fingerprint(cloud.stores, cloud.mall, (consignee,))
    asking = public.ask("deletion", phone=consignee.phone).prove()
    asking.until_told("completed", "completed_in_part")
    assert counts_of(asking.look()["stores"]) == expected(expected_deletion(cloud.mall, consignee))
    assert fingerprint(cloud.stores, cloud.mall, (consignee,)) == others


def test_two_proven_contacts_of_two_accounts_wait_for_two_operators_before_anything_is_worked_on(
    cloud: Cloud, public: Public, crowd: Crowd, *, book: Book, operator: Operator, approver: Operator
) -> None:
    one, other = crowd.someone("orders"), crowd.someone("orders")
    everybody = fingerprint(cloud.stores, cloud.mall)
    asking = public.ask("access", phone=one.phone, email=other.email).prove()
    shown = asking.until("in_review")
    eventually(lambda: book.items(asking.id, "WAIT#Review"), "wait for a decision")
    assert {task["status"] for task in book.tasks(asking.id).values()} == {"pending"}
    assert not book.is_at(asking.id, "FulfilStores")
    assert all(store["found"] == 0 for store in shown["stores"])
    assert operator.finds(asking.id, "in_review")
    assert asking.call("GET", "/package").json()["ready"] is False

    assert operator.decide(asking.id, "approve").status_code == httpx.codes.OK
    assert book.status(asking.id) == "in_review"
    assert approver.decide(asking.id, "approve").status_code == httpx.codes.OK
    asking.until_told("completed")
    assert counts_of(asking.look()["stores"]) == both(
        expected_access(cloud.mall, one), expected_access(cloud.mall, other)
    )
    assert fingerprint(cloud.stores, cloud.mall) == everybody
    assert book.chain_holds(asking.id)


def test_a_second_account_that_an_operator_refuses_is_never_worked_on(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book, operator: Operator
) -> None:
    one, other = crowd.someone(), crowd.someone()
    everybody = fingerprint(cloud.stores, cloud.mall)
    asking = public.ask("deletion", phone=one.phone, email=other.email).prove()
    asking.until("in_review")
    assert operator.decide(asking.id, "refuse", ground=7).status_code == httpx.codes.OK
    asking.until("refused")
    eventually(lambda: [run["status"] for run in book.runs(asking.id)] == ["SUCCEEDED"], "end of the run")
    assert {task["status"] for task in book.tasks(asking.id).values()} == {"pending"}
    assert fingerprint(cloud.stores, cloud.mall) == everybody


# --- known and unknown


def alike(known: Asking, unknown: Asking, look: Callable[[Asking], httpx.Response]) -> httpx.Response:
    """The same call for both: status, headers and body differ in nothing but ids and times."""
    one, other = look(known), look(unknown)
    assert one.status_code == other.status_code
    assert neutral(one, known) == neutral(other, unknown)
    return other


def neutral(reply: httpx.Response, asking: Asking) -> tuple[list[tuple[str, str]], str]:
    def without(text: str) -> str:
        tokens = text.replace(asking.token, "TOKEN").replace(asking.link.rpartition("/")[2], "TOKEN")
        return tokens.replace(asking.id, "ID").replace(reference(asking), "REFERENCE")

    varying = {"date", "x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id", "x-amz-request-id", "x-amz-id-2"}
    headers = [(n.lower(), without(v)) for n, v in reply.headers.multi_items() if n.lower() not in varying]
    text = without(reply.text)
    for moment in sorted(set(TIME.findall(text)), key=len, reverse=True):
        text = text.replace(moment, "TIME")
    return [h for h in headers if h[0] != "content-length"], text


def test_a_known_and_an_unknown_phone_look_the_same_at_every_step(public: Public, crowd: Crowd, book: Book) -> None:
    known, unknown = public.ask("access", phone=crowd.someone().phone), public.ask("access", phone=UNKNOWN)
    alike(known, unknown, lambda a: a.reply)
    code = known.read_code()
    eventually(lambda: dropped(book, unknown), "dropped notice")
    for asking in (known, unknown):
        asking.until("identity_needed")
    page = {"Accept": "text/html"}
    wrong = "000000" if code != "000000" else "000001"

    alike(known, unknown, lambda a: a.call("GET"))
    alike(known, unknown, lambda a: public.http.get(f"/requests/{a.id}", headers=a.bearer | page))
    for left in (4, 3, 2, 1, 0):
        refused = alike(known, unknown, lambda a: a.enter(wrong))
        assert refused.json()["error"]["fields"]["code"]["tries_left"] == left
    assert alike(known, unknown, lambda a: a.enter(wrong)).status_code == 429
    assert known.enter(code).status_code == 429
    for _ in range(4):
        alike(known, unknown, lambda a: a.call("POST", "/code/resend"))
    assert alike(known, unknown, lambda a: a.call("POST", "/code/resend")).status_code == 429
    assert unknown.new_messages() == []
    alike(known, unknown, lambda a: a.call("POST", "/withdraw"))


def reference(asking: Asking) -> str:
    return str(asking.look()["reference"])
