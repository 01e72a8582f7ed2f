"""The daily digest: every history that has grown is in one, once a day, whatever dies in between."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from joserfc import jws
from joserfc.jwk import KeySet

from rights.certificate import claims_of
from rights.errors import StaleWriteError
from rights.ledger import Ledger
from rights.signing_keys import PublicKeys
from tests.integration.proof.conftest import LOCK, Archive
from tests.unit.stores.fakes import Killed


def heads(digest: str) -> dict[str, tuple[int, str]]:
    return {request_id: (version, head) for request_id, version, head in claims_of(digest)["heads"]}


def test_a_digest_names_the_head_of_every_history_that_has_grown(
    archive: Archive, ledger: Ledger, ask: Callable[[], str]
) -> None:
    asked = [ask() for _ in range(3)]
    ledger.ask_for_proof(asked[0])
    assert archive.run() == {"digests": 1, "heads": 3, "left": 0}
    [digest] = archive.digests()
    assert heads(digest) == {one: (ledger.get(one).version, ledger.get(one).head) for one in asked}
    assert list(ledger.unanchored()) == []


def test_a_second_run_of_a_day_makes_no_second_digest(archive: Archive, ask: Callable[[], str]) -> None:
    archive.run()
    ask()
    assert archive.run() == {"digests": 0, "heads": 0, "left": 0}
    assert len(archive.digests()) == 1


def test_the_next_day_names_only_what_has_grown_and_the_digest_before(
    archive: Archive, ledger: Ledger, ask: Callable[[], str], tomorrow: Callable[[], None]
) -> None:
    grows, rests = ask(), ask()
    archive.run()
    tomorrow()
    ledger.ask_for_proof(grows)
    archive.run()
    first, second = archive.digests()
    assert heads(second) == {grows: (2, ledger.get(grows).head)}
    assert rests in heads(first)
    assert claims_of(second)["previous"] == hashlib.sha256(first.encode()).hexdigest()
    assert claims_of(first)["previous"] == "0" * 64


def test_a_day_on_which_nothing_happened_has_a_digest_too(archive: Archive, tomorrow: Callable[[], None]) -> None:
    archive.run()
    tomorrow()
    assert archive.run() == {"digests": 1, "heads": 0, "left": 0}


def test_what_happened_on_days_without_a_run_is_in_the_next_digest(
    archive: Archive, ask: Callable[[], str], tomorrow: Callable[[], None]
) -> None:
    archive.run()
    asked = []
    for _ in range(3):
        tomorrow()
        asked.append(ask())
    archive.run()
    assert set(heads(archive.digests()[-1])) == set(asked)


def test_a_day_with_more_than_one_digest_takes_is_parted_and_whole(archive: Archive, ask: Callable[[], str]) -> None:
    asked = {ask() for _ in range(5)}
    assert archive.run(most_heads=2) == {"digests": 3, "heads": 5, "left": 0}
    told = [claims_of(digest) for digest in archive.digests()]
    assert [len(one["heads"]) for one in told] == [2, 2, 1]
    assert {request_id for one in told for request_id, *_ in one["heads"]} == asked


def test_a_run_whose_time_is_up_says_so_and_the_next_goes_on(archive: Archive, ask: Callable[[], str]) -> None:
    ask()
    assert archive.job().run(lambda: True) == {"digests": 0, "heads": 0, "left": 1}
    assert archive.run()["heads"] == 1


@pytest.mark.parametrize("dies_in", ["anchored", "anchor_made"])
def test_a_run_that_died_after_it_put_a_digest_away_is_taken_up_with_just_that_digest(
    archive: Archive, ledger: Ledger, ask: Callable[[], str], monkeypatch: pytest.MonkeyPatch, *, dies_in: str
) -> None:
    asked = ask()

    def die(_: object) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(ledger, dies_in, die)
        with pytest.raises(Killed):
            archive.run()
    late = ask()
    archive.run()
    [digest] = archive.digests()
    assert set(heads(digest)) == {asked}
    assert [head.request_id for head in ledger.unanchored()] == [late]


def test_a_history_that_grows_while_it_is_anchored_is_in_the_next_digest_too(
    archive: Archive, ledger: Ledger, ask: Callable[[], str], tomorrow: Callable[[], None]
) -> None:
    asked = ask()
    put_away = archive.job()._put_away

    job = archive.job()
    job._put_away = lambda number, digest: (ledger.ask_for_proof(asked), put_away(number, digest))[1]  # type: ignore[method-assign]
    job.run(lambda: False)
    tomorrow()
    archive.run()
    assert [heads(digest)[asked][0] for digest in archive.digests()] == [1, 2]


def test_of_two_runs_at_once_one_digest_comes(archive: Archive, ledger: Ledger) -> None:
    before = ledger.anchor()
    archive.run()
    with pytest.raises(StaleWriteError):
        archive.job()._make(before, "2026-11-22")
    assert len(archive.digests()) == 1


def test_a_digest_is_locked_for_the_term_of_the_proof_and_cannot_be_written_over(archive: Archive) -> None:
    archive.run()
    place: dict[str, Any] = {"Bucket": "audit", "Key": "digests/00000001.jws"}
    found = archive.s3.head_object(**place)
    assert found["ObjectLockMode"] == LOCK["Mode"]
    with pytest.raises(ClientError, match="AccessDenied"):
        archive.s3.delete_object(**place, VersionId=found["VersionId"])


def test_every_key_that_ever_signed_is_published_and_proves_what_it_signed(
    archive: Archive, tomorrow: Callable[[], None]
) -> None:
    archive.run("first")
    tomorrow()
    archive.run("second")
    published = archive.keys("second")
    assert len({jwk["kid"] for jwk in published["keys"]}) == 2
    assert {jwk["use"] for jwk in published["keys"]} == {"sig"}
    keys = KeySet.import_key_set(published)  # type: ignore[arg-type]
    kids = [jws.deserialize_compact(digest, keys).headers()["kid"] for digest in archive.digests()]
    assert kids[0] != kids[1] == published["keys"][0]["kid"]


def test_a_new_key_is_published_before_anything_it_signed_and_shows_within_minutes(
    archive: Archive, clock: Any
) -> None:
    keys = PublicKeys(archive.kms, "first", archive.s3, "audit", clock)
    assert len(keys()["keys"]) == 1
    archive.signer("second").sign({}, "anything")
    clock.advance(seconds=301)
    assert len(keys()["keys"]) == 2
