"""Whatever comes twice, or twice at once, happens once."""

from concurrent.futures import ThreadPoolExecutor

from local.cloud import Cloud
from local.mall import expected_access, expected_deletion, fingerprint
from tests.workflow.asking import Asking, Public, counts_of, expected
from tests.workflow.book import Book, Item
from tests.workflow.conftest import Crowd
from tests.workflow.controls import invoke, locked, queue_event, stream_event, sweep
from tests.workflow.waiting import eventually


def everything_comes_again(cloud: Cloud, book: Book, asking: Asking) -> None:
    """Stream records, queue messages and events of ended runs are delivered once more, and the sweep runs."""
    items = book.items(asking.id)
    keys = [(i["PK"], i["SK"]) for i in items if i["SK"].startswith(("STATE", "WAIT#", "NOTICE#"))]
    notices = [{"request_id": asking.id, "notice_id": i["id"]} for i in items if i["SK"].startswith("NOTICE#")]
    for _ in range(2):
        assert invoke(cloud, "RelayFunction", stream_event(keys)) == {"batchItemFailures": []}
        assert invoke(cloud, "RelayFunction", stream_event(reversed(keys))) == {"batchItemFailures": []}
        assert invoke(cloud, "SendNoticeFunction", queue_event(notices)) == {"batchItemFailures": []}
        sweep(cloud)


def effects(cloud: Cloud, book: Book, asking: Asking) -> tuple[list[Item], list[str], list[str]]:
    """What a repetition must not add to: the ledger's items, the runs, the messages."""
    return book.items(asking.id), [run["name"] for run in book.runs(asking.id)], [m.text for m in asking.messages()]


def test_the_same_idempotency_key_is_the_same_request(public: Public, crowd: Crowd, book: Book) -> None:
    person, headers = crowd.someone(), {"Idempotency-Key": "a-random-key-of-an-app"}
    first = public.ask("access", phone=person.phone, headers=headers)
    before = book.all_keys()
    again = public.ask("access", phone=person.phone, headers=headers)
    assert again.reply.json() == first.reply.json()
    body = {"right": "deletion", "identifiers": {"phone": person.phone}}
    other = public.http.post("/requests", json=body, headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")
    added = {partition for partition, _ in book.all_keys() - before}
    assert added <= {f"REQUEST#{first.id}"} | {p for p in added if p.startswith("SENDS#")}
    first.read_code()
    assert len(first.sent_codes()) == 1


def test_the_same_key_sent_many_times_at_once_makes_one_request(public: Public, crowd: Crowd, book: Book) -> None:
    person = crowd.someone()
    body = {"right": "access", "identifiers": {"phone": person.phone}}
    with ThreadPoolExecutor(4) as pool:
        replies = list(
            pool.map(
                lambda _: public.http.post(
                    "/requests", json=body, headers={"Idempotency-Key": "pressed-twice-by-a-thumb"}
                ),
                range(4),
            )
        )
    assert {reply.status_code for reply in replies} == {202}
    assert len({reply.text for reply in replies}) == 1


def test_of_two_deletions_of_one_person_at_once_one_is_worked_on_and_the_other_joins_it(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    person = crowd.someone("tickets", "orders")
    strangers = fingerprint(cloud.stores, cloud.mall, (person,))
    pair = [public.ask("deletion", phone=person.phone), public.ask("deletion", email=person.email)]
    # Neither can end before both have begun.
    with locked(cloud, "tickets"), ThreadPoolExecutor(2) as pool:
        list(pool.map(Asking.prove, pair))
        eventually(lambda: sorted(book.status(a.id) for a in pair) == ["in_progress", "withdrawn"], "joined request")
    worked, joined = sorted(pair, key=lambda asking: book.status(asking.id))
    shown = worked.until_told("completed", "completed_in_part")
    assert counts_of(shown["stores"]) == expected(expected_deletion(cloud.mall, person))
    assert book.state(joined.id)["linked_to"] == worked.id
    assert book.tasks(joined.id) == {}
    eventually(
        lambda: any("joined" in m.subject + m.text or "earlier" in m.text for m in joined.new_messages()), "word"
    )
    assert joined.look()["rights"][0]["outcome"] == "duplicate"
    assert fingerprint(cloud.stores, cloud.mall, (person,)) == strangers
    assert book.chain_holds(worked.id)
    assert book.chain_holds(joined.id)


def test_records_and_messages_that_come_again_while_a_person_is_asked_for_a_code_do_nothing(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    asking = public.ask("access", phone=crowd.someone().phone)
    asking.read_code()
    book.until_quiet(asking.id)
    before = effects(cloud, book, asking)
    everything_comes_again(cloud, book, asking)
    assert effects(cloud, book, asking) == before


def test_records_answers_and_events_that_come_again_after_the_end_do_nothing(
    cloud: Cloud, public: Public, crowd: Crowd, book: Book
) -> None:
    person = crowd.someone("orders")
    asking = public.ask("access", phone=person.phone).prove()
    asking.until_told("completed")
    book.until_quiet(asking.id)
    before = effects(cloud, book, asking)
    everything_comes_again(cloud, book, asking)
    ended = {"detail": {"name": f"{asking.id}-1", "status": "FAILED"}}
    invoke(cloud, "RunEndedFunction", ended)
    invoke(cloud, "RunEndedFunction", ended)
    assert effects(cloud, book, asking) == before
    assert counts_of(asking.look()["stores"]) == expected(expected_access(cloud.mall, person))


def test_a_code_entered_twice_at_once_proves_once(cloud: Cloud, public: Public, crowd: Crowd, book: Book) -> None:
    person = crowd.someone("orders")
    asking = public.ask("access", phone=person.phone)
    code = asking.read_code()
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(asking.enter, [code] * 4))
    assert 200 in {reply.status_code for reply in replies}
    assert {reply.status_code for reply in replies} <= {200, 409, 422}
    shown = asking.until_told("completed")
    assert counts_of(shown["stores"]) == expected(expected_access(cloud.mall, person))
    assert book.codes(asking.id).count("identity_proven") == 1
    assert [run["status"] for run in book.runs(asking.id)] == ["SUCCEEDED"]
    assert [notice["kind"] for notice in shown["notices"]].count("received") == 1
    assert [notice["kind"] for notice in shown["notices"]].count("package_ready") == 1
