"""The offline check: it finds nothing wrong with what is sound, and whatever is changed in what is not."""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local import verify
from rights.certificate import CERTIFICATE
from rights.ledger import Ledger
from rights.ledger.table import Table
from rights.sealing import Sealer
from rights.secrets_hmac import Hmac
from tests.integration.proof.conftest import Archive, asked
from tests.integration.proof.handed_out import Case, grow, hand_out, packed
from tests.support.clock import StoppedClock
from tests.support.template import ROOT, create_ledger_table

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Case, Archive]]:
    """A request that grew over two days, with its certificate, package, history and the digests of three days."""
    with mock_aws():
        clock, kms = StoppedClock(), boto3.client("kms")
        create_ledger_table(boto3.client("dynamodb"), "ledger")
        sealer = Sealer(kms, kms.create_key()["KeyMetadata"]["KeyId"])
        archive = Archive(Ledger(Table(boto3.client("dynamodb"), "ledger"), sealer, Hmac(b"test secret"), clock))
        case = Case(tmp_path_factory.mktemp("case"), asked(archive.ledger))
        asked(archive.ledger)
        archive.run()
        clock.advance(seconds=24 * 3600)
        grow(case, archive)
        archive.run()
        clock.advance(seconds=24 * 3600)
        archive.run("second")
        hand_out(case, archive)
        yield case, archive


@pytest.fixture
def archive(made: tuple[Case, Archive]) -> Archive:
    return made[1]


@pytest.fixture
def case(made: tuple[Case, Archive], tmp_path: Path) -> Case:
    """Everything one can hand in, to be changed at will."""
    folder = tmp_path / "case"
    shutil.copytree(made[0].folder, folder)
    return Case(folder, made[0].request_id)


def test_what_is_sound_is_found_to_be_so_and_said_in_words(case: Case) -> None:
    code, said = case.check()
    assert code == 0, said
    assert "WRONG" not in said
    assert "note" not in said
    assert said.splitlines() == [
        f"ok:    certificate of request {case.request_id}: deletion, completed, signed",
        "ok:    package.zip is a file that the certificate names",
        "ok:    package.zip: 3 files, each as its list says",
        "ok:    all 1 volumes are here",
        "ok:    history: 3 events, each names the one before",
        "ok:    the certificate was signed over this history",
        "ok:    3 digests, 2026-11-22 to 2026-11-24, each signed, each names the one before",
        "ok:    anchored on 2026-11-23 up to event 3",
        "Nothing is wrong.",
    ]


def test_it_runs_alone_without_anything_of_this_repository(case: Case) -> None:
    copy = case.folder / "elsewhere.py"
    shutil.copy(ROOT / "local" / "verify.py", copy)
    command = [sys.executable, "-I", str(copy), str(case.certificate), "--keys", str(case.keys)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=60)  # noqa: S603
    assert (done.returncode, "Nothing is wrong." in done.stdout) == (0, True)
    case.certificate.write_text("a.b.c", "utf-8")
    assert subprocess.run(command, capture_output=True, check=False, cwd="/", timeout=60).returncode == 1  # noqa: S603


# ---- the certificate and its keys


def test_a_changed_character_anywhere_in_the_certificate_is_found(case: Case) -> None:
    text = case.certificate.read_text("utf-8")
    for place, letter in enumerate(text):
        other = "x" if letter == "." else ALPHABET[ALPHABET.index(letter) ^ 32]
        case.certificate.write_text(text[:place] + other + text[place + 1 :], "utf-8")
        assert case.check(package=False, events=False, digests=False)[0] == 1, place


def test_a_certificate_under_a_key_that_is_not_published_is_refused(case: Case, archive: Archive) -> None:
    claims = verify.signed(case.certificate.read_text(), verify.read_keys(case.keys.read_text()), CERTIFICATE, "it")
    case.certificate.write_text(archive.signer("strangers").sign(claims, CERTIFICATE), "utf-8")
    assert "the certificate is not signed by any of these keys" in case.check()[1]


def test_a_strangers_key_under_the_id_of_ours_is_refused(case: Case, archive: Archive) -> None:
    keys = json.loads(case.keys.read_text())
    stranger = Archive.keys(archive, "strangers")["keys"][0]
    keys["keys"] = [{**stranger, "kid": jwk["kid"]} for jwk in keys["keys"]]
    case.keys.write_text(json.dumps(keys))
    assert "a public key is not the one its id names" in case.check()[1]


def test_an_unsigned_certificate_is_refused(case: Case) -> None:
    _, body, _ = case.certificate.read_text().split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": CERTIFICATE}).encode()).rstrip(b"=").decode()
    case.certificate.write_text(f"{head}.{body}.")
    assert case.check()[0] == 1


def test_a_digest_is_no_certificate(case: Case) -> None:
    shutil.copy(case.digests / "00000001.jws", case.certificate)
    assert "is not what it is given out for" in case.check()[1]


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ({"found": 4}, "shop: what was found is not what was dealt with"),
        ({"found": 4, "retained": 1}, "shop: what was kept is not explained by grounds and dates"),
        ({"verified_at": None}, "shop: nobody looked again after the erasure"),
    ],
)
def test_numbers_that_do_not_add_up_are_found_although_they_are_signed(
    case: Case, archive: Archive, *, store: dict[str, Any], words: str
) -> None:
    claims = verify.signed(case.certificate.read_text(), verify.read_keys(case.keys.read_text()), CERTIFICATE, "it")
    claims["stores"] = [claims["stores"][0] | store]
    case.certificate.write_text(archive.signer("first").sign(claims, CERTIFICATE), "utf-8")
    assert words in case.check()[1]


# ---- the package


def test_a_changed_byte_anywhere_in_the_package_is_found(case: Case) -> None:
    content = case.package.read_bytes()
    for place in range(0, len(content), 7):
        case.package.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        assert case.check(events=False, digests=False)[0] == 1, place


def entries(case: Case) -> dict[str, bytes]:
    with zipfile.ZipFile(case.package) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repacked(case: Case, files: dict[str, bytes]) -> str:
    with zipfile.ZipFile(case.package, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return case.check()[1]


def test_a_file_that_was_changed_added_or_taken_away_is_named(case: Case) -> None:
    files = entries(case)
    assert "package.zip: index.html was changed" in repacked(case, files | {"index.html": b"<p>nothing</p>"})
    assert "package.zip: 1 files are not on its list" in repacked(case, files | {"data/more.json": b"[]"})
    without = {name: content for name, content in files.items() if name != "index.html"}
    assert "package.zip: 1 files of its list are missing" in repacked(case, without)
    assert "cannot be read whole as a package" in repacked(case, {})


def test_a_package_with_a_list_made_to_fit_is_found_by_the_certificate(case: Case) -> None:
    files = entries(case) | {"index.html": b"<p>nothing</p>"}
    manifest = json.loads(files["manifest.json"])
    manifest["sha256"]["index.html"] = hashlib.sha256(files["index.html"]).hexdigest()
    assert "package.zip is not a file that the certificate names" in repacked(
        case, files | {"manifest.json": json.dumps(manifest).encode()}
    )


def test_a_changed_package_does_not_hide_behind_a_sound_one_of_the_same_name(case: Case) -> None:
    changed = case.folder / "changed" / case.package.name
    changed.parent.mkdir()
    changed.write_bytes(case.package.read_bytes() + b" ")
    keys = verify.read_keys(case.keys.read_text())
    claims = verify.signed(case.certificate.read_text(), keys, verify.CERTIFICATE, "it")
    found = list(verify.check_packages([changed, case.package], claims))
    assert ("WRONG", "package.zip is not a file that the certificate names") in found


def test_without_the_history_nothing_is_said_to_be_anchored(case: Case) -> None:
    status, said = case.check(events=False)
    assert status == 0
    assert "anchored on" not in said
    assert "without its history" in said


def test_the_package_of_somebody_else_is_found(case: Case) -> None:
    case.package.write_bytes(packed("SOMEBODYELSE"))
    code, said = case.check()
    assert code == 1
    assert "a package is of another request than the certificate" in said
    assert "1 of 1 files that the certificate names are not here" in said


def volumes(case: Case, *numbers: int, total: int = 2) -> list[Path]:
    paths: list[Path] = []
    for number in numbers:
        manifest = {
            "request_id": case.request_id, "made_at": "now", "volume": number, "volumes": total,
            "sha256": {"index.html": hashlib.sha256(b"hello").hexdigest()},
        }  # fmt: skip
        path = case.folder / f"{number}-{len(paths)}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("index.html", b"hello")
            archive.writestr("manifest.json", json.dumps(manifest))
        paths.append(path)
    return paths


@pytest.mark.parametrize(("numbers", "sound"), [((1, 2), True), ((2, 1), True), ((1,), False), ((1, 1), False)])
def test_of_several_volumes_all_have_to_be_there_once(case: Case, numbers: tuple[int, ...], sound: bool) -> None:
    found = list(verify.check_packages(volumes(case, *numbers), {"jti": case.request_id}))
    assert all(sort != "WRONG" for sort, _ in found) is sound


# ---- the history


def test_a_changed_value_in_any_event_is_found(case: Case) -> None:
    before = case.events.read_text()
    for number in range(3):
        for name in json.loads(before)["events"][number]:
            case.events.write_text(before)
            case.change_events(lambda events, n=number, name=name: events[n].update({name: "changed"}))  # type: ignore[misc]
            assert case.check(package=False, digests=False)[0] == 1, (number, name)


@pytest.mark.parametrize(
    "change",
    [
        lambda events: events.pop(),
        lambda events: events.pop(0),
        lambda events: events.pop(1),
        lambda events: events.reverse(),
        lambda events: events.insert(1, events[0]),
        lambda events: events.clear(),
    ],
    ids=["cut off", "beheaded", "a link taken out", "reordered", "doubled", "empty"],
)
def test_a_history_that_is_not_whole_or_not_in_order_is_found(case: Case, change: Callable[[Any], object]) -> None:
    case.change_events(change)
    assert case.check(package=False, digests=False)[0] == 1


def rehashed(events: list[dict[str, Any]]) -> None:
    """The history told anew with another actor, every hash made to fit."""
    previous = verify.START
    for event in events:
        event |= {"by": "somebody else", "previous": previous}
        facts = {name: value for name, value in event.items() if name != "hash"}
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = event["hash"] = hashlib.sha256(text.encode()).hexdigest()


def test_a_history_told_anew_is_found_by_the_certificate_and_by_the_digests(case: Case) -> None:
    case.change_events(rehashed)
    said = case.check()[1]
    assert "the certificate was signed over another history" in said
    assert "the digest of 2026-11-22 names another history at event 1" in said


def test_a_history_that_ends_before_what_was_anchored_is_found_by_the_digests(case: Case, archive: Archive) -> None:
    # A certificate of the second event: the history up to it is whole, and yet not all there was.
    claims = verify.signed(case.certificate.read_text(), verify.read_keys(case.keys.read_text()), CERTIFICATE, "it")
    head = archive.ledger.events(case.request_id)[1].hash
    case.certificate.write_text(archive.signer("first").sign(claims | {"audit_head": head}, CERTIFICATE), "utf-8")
    case.change_events(lambda events: events.pop())
    said = case.check()[1]
    assert "ok:    the certificate was signed over this history" in said
    assert "WRONG: the digest of 2026-11-23 names another history at event 3" in said


# ---- the digests


def test_a_changed_character_anywhere_in_a_digest_is_found(case: Case) -> None:
    path = case.digests / "00000002.jws"
    text = path.read_text("utf-8")
    for place in range(0, len(text), 5):
        other = "x" if text[place] == "." else ALPHABET[ALPHABET.index(text[place]) ^ 32]
        path.write_text(text[:place] + other + text[place + 1 :], "utf-8")
        assert case.check(package=False, events=False)[0] == 1, place


@pytest.mark.parametrize(("number", "words"), [(2, "a digest is missing before it"), (3, "anchored on")])
def test_a_digest_that_is_left_out_of_the_middle_is_found(case: Case, number: int, words: str) -> None:
    (case.digests / f"{number:08d}.jws").unlink()
    assert words in case.check()[1]


def test_a_digest_replaced_by_another_that_we_signed_is_found(case: Case, archive: Archive) -> None:
    keys = verify.read_keys(case.keys.read_text())
    claims = verify.signed((case.digests / "00000001.jws").read_text(), keys, verify.DIGEST, "it")
    forged = archive.signer("first").sign(claims | {"heads": []}, verify.DIGEST)
    (case.digests / "00000001.jws").write_text(forged)
    assert "00000002.jws does not name the digest before it" in case.check()[1]


def test_digests_that_know_nothing_of_the_request_do_not_anchor_it(case: Case) -> None:
    for number in (1, 2):
        (case.digests / f"{number:08d}.jws").unlink()
    code, said = case.check()
    assert code == 1
    assert "none of the 0 heads in the digests is of this request" in said
    assert "the first here is number 3" in said


# ---- called wrongly


def test_what_cannot_be_read_is_said_and_is_not_taken_for_sound(case: Case) -> None:
    case.events.write_text("not json")
    assert case.check()[0] == 1
    case.keys.write_text("[]")
    assert "the file of keys is not a JWK set" in case.check()[1]
    with pytest.raises(SystemExit) as ended:
        verify.main([])
    assert ended.value.code == 2
