"""A function that dies in the middle of an erasure, between its write and its checkpoint, loses and doubles nothing."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from local.cloud import Cloud
from local.mall import expected_deletion, fingerprint
from tests.workflow.asking import Public, counts_of, expected
from tests.workflow.book import Book
from tests.workflow.controls import owner, somebody_waits
from tests.workflow.waiting import eventually

KILLS = 2
HOLD = 20261122


@contextmanager
def commits_wait(cloud: Cloud, table: str) -> Iterator[None]:
    """Whoever changes this table waits, when committing, for a lock that a test may hold."""
    with owner(cloud) as database:
        database.execute(
            f"""
            CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$ BEGIN PERFORM pg_advisory_xact_lock_shared({HOLD}); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER wait_for_test AFTER UPDATE OR DELETE ON {table}
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_for_test();
            """
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


def named(database: psycopg.Connection, orders: list[str]) -> int:
    """How many consignees of these orders still have a name."""
    query = "SELECT count(*) FROM consignees WHERE order_id = ANY(%s) AND phone IS NOT NULL"
    row = database.execute(query, [orders]).fetchone()
    return int(row[0]) if row else 0


def is_idle(database: psycopg.Connection) -> bool:
    """Whether nothing of the rights system is under way in the database."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'mall_rights' AND state <> 'idle'"
    row = database.execute(query).fetchone()
    return row == (0,)


def freeze(cloud: Cloud, function: str) -> None:
    """Stop the processes of a function where they are."""
    for pid in cloud.workers(function):
        os.kill(pid, signal.SIGSTOP)


def test_a_function_killed_after_its_write_and_before_its_checkpoint_counts_every_record_once(
    cloud: Cloud, public: Public, book: Book
) -> None:
    person = cloud.mall.special("heavy")
    orders = [row["order_id"] for row in person.rows["orders"]]
    strangers = fingerprint(cloud.stores, cloud.mall, (person,))
    asking = public.ask("deletion", phone=person.phone)
    code = asking.read_code()
    with commits_wait(cloud, "consignees"), owner(cloud) as database:
        for kill in range(KILLS):
            with holding(database):
                if kill == 0:
                    assert asking.enter(code).status_code == 200
                    # One of another kind too, in the midst of its work.
                    eventually(lambda: book.tasks(asking.id).get("profiles", {}).get("page"), "page", every=0.02)
                    cloud.kill_workers("StoreDynamodbFunction")
                eventually(lambda: somebody_waits(cloud, "advisory"), "commit")
                # From here on the write happens, and nobody is there to hear of it.
                freeze(cloud, "StorePostgresFunction")
            eventually(lambda: is_idle(database), "write")
            assert named(database, orders) < len(orders)
            assert cloud.kill_workers("StorePostgresFunction") >= 1
            task = book.tasks(asking.id)["orders"]
            assert "intent_sealed" in task, "the page that was written is not counted yet"
    shown = asking.until_told("completed_in_part", seconds=180)
    assert counts_of(shown["stores"]) == expected(expected_deletion(cloud.mall, person))
    assert {store["status"] for store in shown["stores"]} == {"done"}
    assert named_nowhere(cloud, orders)
    assert book.errors(asking.id).count("Runtime.ExitError") >= KILLS
    assert "run_ended" not in book.codes(asking.id), "each was retried within its run"
    assert book.chain_holds(asking.id)
    assert fingerprint(cloud.stores, cloud.mall, (person,)) == strangers


def named_nowhere(cloud: Cloud, orders: list[str]) -> bool:
    with owner(cloud) as database:
        return named(database, orders) == 0
