"""A function that dies in the middle of an erasure, between its write and its checkpoint, loses and doubles nothing."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg
from psycopg import sql

from local.cloud import Cloud
from local.mall import Person, expected_deletion, fingerprint
from tests.workflow.asking import Public, counts_of, expected
from tests.workflow.book import Book
from tests.workflow.controls import owner, somebody_waits
from tests.workflow.waiting import eventually

KILLS = 2
HOLD = 20261122
TABLES = ("order_items", "consignees", "payments", "orders")


@contextmanager
def commits_wait(cloud: Cloud) -> Iterator[None]:
    """Whoever changes an order waits, when committing, for a lock that a test may hold."""
    with owner(cloud) as database:
        database.execute(
            f"""
            CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$ BEGIN PERFORM pg_advisory_xact_lock_shared({HOLD}); RETURN NULL; END $$
            """
        )
        for table in TABLES:
            database.execute(
                sql.SQL(
                    "CREATE CONSTRAINT TRIGGER wait_for_test AFTER UPDATE OR DELETE ON {} "
                    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_for_test()"
                ).format(sql.Identifier(table))
            )
    try:
        yield
    finally:
        with owner(cloud) as database:
            database.execute("DROP FUNCTION wait_for_test CASCADE")


@contextmanager
def holding(database: psycopg.Connection) -> Iterator[None]:
    """Hold that lock."""
    database.execute("SELECT pg_advisory_lock(%s)", [HOLD])
    try:
        yield
    finally:
        database.execute("SELECT pg_advisory_unlock(%s)", [HOLD])


def rows_of(database: psycopg.Connection, person: Person) -> set[str]:
    """Every row of the person's orders, as it is now."""
    orders = [row["order_id"] for row in person.rows["orders"]]
    query = "SELECT t::text FROM {} t WHERE order_id = ANY(%s)"
    found = (database.execute(sql.SQL(query).format(sql.Identifier(table)), [orders]) for table in TABLES)
    return {text for rows in found for (text,) in rows}


def is_idle(database: psycopg.Connection) -> bool:
    """Whether nothing of the rights system is under way in the database."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'mall_rights' AND state <> 'idle'"
    return database.execute(query).fetchone() == (0,)


def freeze(cloud: Cloud, function: str) -> None:
    """Stop the processes of a function where they are."""
    for pid in cloud.workers(function):
        os.kill(pid, signal.SIGSTOP)


def test_a_function_killed_after_its_write_and_before_its_checkpoint_counts_every_record_once(
    cloud: Cloud, public: Public, book: Book
) -> None:
    person = cloud.mall.special("old_orders")
    strangers = fingerprint(cloud.stores, cloud.mall, (person,))
    asking = public.ask("deletion", phone=person.phone)
    code = asking.read_code()
    with commits_wait(cloud), owner(cloud) as database:
        for kill in range(KILLS):
            before = rows_of(database, person)
            with holding(database):
                if kill == 0:
                    assert asking.enter(code).status_code == 200
                eventually(lambda: somebody_waits(cloud, "advisory"), "commit")
                # From here on the write happens, and nobody is there to hear of it.
                freeze(cloud, "StorePostgresFunction")
            eventually(lambda: is_idle(database), "write")
            assert cloud.kill_workers("StorePostgresFunction") >= 1
            assert rows_of(database, person) != before
            assert "intent_sealed" in book.tasks(asking.id)["orders"], "what was written is not counted yet"
    shown = asking.until_told("completed_in_part")
    assert counts_of(shown["stores"]) == expected(expected_deletion(cloud.mall, person))
    assert {store["status"] for store in shown["stores"]} == {"done"}
    assert book.errors(asking.id).count("Runtime.ExitError") >= KILLS
    assert "run_ended" not in book.codes(asking.id), "each was retried within its run"
    assert book.chain_holds(asking.id)
    assert fingerprint(cloud.stores, cloud.mall, (person,)) == strangers


def test_functions_killed_anywhere_in_their_work_lose_nothing(cloud: Cloud, public: Public, book: Book) -> None:
    person = cloud.mall.special("dispute")
    strangers = fingerprint(cloud.stores, cloud.mall, (person,))
    asking = public.ask("deletion", phone=person.phone).prove()
    for function in ("StoreDynamodbFunction", "StoreObjectsFunction"):
        eventually(partial(busy, book, asking.id, function), "work", most=0.02)
        cloud.kill_workers(function)
    shown = asking.until_told("completed_in_part")
    assert counts_of(shown["stores"]) == expected(expected_deletion(cloud.mall, person))
    assert book.chain_holds(asking.id)
    assert fingerprint(cloud.stores, cloud.mall, (person,)) == strangers


def busy(book: Book, request_id: str, function: str) -> bool:
    """Whether a store of this function has been begun."""
    store = {"StoreDynamodbFunction": "profiles", "StoreObjectsFunction": "support"}[function]
    return bool(book.tasks(request_id).get(store, {}).get("fence"))
