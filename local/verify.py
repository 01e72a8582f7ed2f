"""Checks a certificate, the package it names, the history behind it and the digests that anchor it. Offline, by itself.

    python verify.py certificate.jws --keys jwks.json [--package part.zip ...] [--events events.json] [--digests folder]

It shares no code with the system it checks: copy this one file anywhere, `pip install joserfc`, and run it. It says in
words what it found and exits with 0 if nothing is wrong, 1 if something is, 2 if it was called wrongly. Everything it
relies on is written down: RFC 7515 (JWS), RFC 7638 (thumbprints), and docs/verify.md.
"""

import argparse
import hashlib
import json
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

CERTIFICATE, DIGEST = "data-rights-certificate+jwt", "data-rights-digest+jwt"
START = "0" * 64
CHUNK = 1024 * 1024
CLAIMS = ("version", "iss", "jti", "iat", "right", "outcome", "received_at", "policy_version", "audit_head", "stores")
ADDS_UP = {
    "export": (("found",), ("exported",)),
    "erase": (("found",), ("erased", "anonymised", "retained")),
}
"""Of each operation that counts records: what was found is the sum of what became of it."""

Claims = dict[str, Any]
Finding = tuple[str, str]
"""`ok`, `note` or `WRONG`, and what was looked at."""


class NotSoundError(Exception):
    """What was handed in does not hold; the message says what."""


def ok(words: str) -> Finding:
    """Something holds."""
    return "ok", words


def note(words: str) -> Finding:
    """Something could not be looked at, or is worth knowing."""
    return "note", words


def wrong(words: str) -> Finding:
    """Something does not hold."""
    return "WRONG", words


# ---- signatures


def read_keys(text: str) -> KeySet:
    """The public keys; each must carry its own thumbprint (RFC 7638) as its id."""
    try:
        keys = KeySet.import_key_set(json.loads(text))
    except (ValueError, KeyError, TypeError, JoseError):
        raise NotSoundError("the file of keys is not a JWK set") from None
    for key in keys.keys:
        if key.kid != key.thumbprint():
            raise NotSoundError("a public key is not the one its id names")
    return keys


def signed(text: str, keys: KeySet, typ: str, what: str) -> Claims:
    """The claims of a compact JWS that one of the keys signed; NotSoundError if none did."""
    try:
        opened = jws.deserialize_compact(text.strip(), keys, algorithms=["ES256"])
        header, claims = opened.headers(), json.loads(opened.payload)
    except (JoseError, ValueError, TypeError):
        raise NotSoundError(f"{what} is not signed by any of these keys") from None
    if header.get("typ") != typ or not isinstance(claims, dict):
        raise NotSoundError(f"{what} is signed, but is not what it is given out for")
    return claims


# ---- the certificate


def check_certificate(claims: Claims) -> Iterator[Finding]:
    """Whether it says all it has to, and whether its numbers add up."""
    missing = [name for name in CLAIMS if name not in claims]
    if missing:
        yield wrong(f"the certificate does not say: {', '.join(missing)}")
        return
    yield ok(f"certificate of request {claims['jti']}: {claims['right']}, {claims['outcome']}, signed")
    for store in claims["stores"]:
        yield from _check_store(store)


def _check_store(store: Mapping[str, Any]) -> Iterator[Finding]:
    name, operation = store.get("store", "?"), store.get("operation", "?")
    left, right = ADDS_UP.get(operation, ((), ()))
    if sum(store.get(one, 0) for one in left) != sum(store.get(one, 0) for one in right):
        yield wrong(f"{name}: what was found is not what was dealt with")
    if store.get("retained", 0) != sum(kept["records"] for kept in store.get("kept", ())):
        yield wrong(f"{name}: what was kept is not explained by grounds and dates")
    if operation == "erase" and not (store.get("verified_at") or store.get("confirmed_at") or store.get("refused")):
        yield wrong(f"{name}: nobody looked again after the erasure")


# ---- the package


def check_packages(paths: Sequence[Path], claims: Claims) -> Iterator[Finding]:
    """Whether the files are those that were signed for, all of them and no other."""
    named = claims.get("package")
    if named is None:
        yield note("the certificate names no package: its files are compared with its own list only")
    else:
        yield from _check_against_certificate(paths, [volume["sha256"] for volume in named])
    manifests = []
    for path in paths:
        try:
            manifests.append(read_package(path))
            yield ok(f"{path.name}: {len(manifests[-1]['sha256'])} files, each as its list says")
        except NotSoundError as error:
            yield wrong(f"{path.name}: {error}")
    yield from _check_volumes(manifests, claims)


def _check_against_certificate(paths: Sequence[Path], named: Sequence[str]) -> Iterator[Finding]:
    found = [(path.name, _hash_of(path)) for path in paths]
    for name, digest in found:
        known = digest in named
        yield (
            ok(f"{name} is a file that the certificate names")
            if known
            else wrong(f"{name} is not a file that the certificate names")
        )
    missing = set(named) - {digest for _, digest in found}
    if missing:
        yield wrong(f"{len(missing)} of {len(named)} files that the certificate names are not here")


def read_package(path: Path) -> Claims:
    """The manifest of a package, after every file was compared with it; NotSoundError names what differs."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest: Claims = json.loads(archive.read("manifest.json"))
            names = [name for name in archive.namelist() if name != "manifest.json"]
            _compare_names(names, manifest["sha256"])
            for name, digest in manifest["sha256"].items():
                if _hash_of_entry(archive, name) != digest:
                    raise NotSoundError(f"{name} was changed")
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, EOFError, NotImplementedError, zlib.error):
        raise NotSoundError("cannot be read whole as a package") from None
    return manifest


def _compare_names(names: Sequence[str], listed: Mapping[str, str]) -> None:
    if len(set(names)) != len(names):
        raise NotSoundError("a file is in it twice")
    if missing := set(listed) - set(names):
        raise NotSoundError(f"{len(missing)} files of its list are missing")
    if extra := set(names) - set(listed):
        raise NotSoundError(f"{len(extra)} files are not on its list")


def _check_volumes(manifests: Sequence[Claims], claims: Claims) -> Iterator[Finding]:
    for manifest in manifests:
        if manifest.get("request_id") != claims.get("jti"):
            yield wrong("a package is of another request than the certificate")
    if not manifests or "volumes" not in manifests[0]:
        return
    total = {manifest.get("volumes") for manifest in manifests}
    numbers = sorted(manifest.get("volume", 0) for manifest in manifests)
    if len(total) != 1 or numbers != list(range(1, manifests[0]["volumes"] + 1)):
        yield wrong(f"of {manifests[0]['volumes']} volumes these are here: {', '.join(map(str, numbers)) or 'none'}")
    elif len({manifest.get("made_at") for manifest in manifests}) != 1:
        yield wrong("the volumes were not made together")
    else:
        yield ok(f"all {manifests[0]['volumes']} volumes are here")


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return _digest(iter(lambda: file.read(CHUNK), b""))


def _hash_of_entry(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as file:
        return _digest(iter(lambda: file.read(CHUNK), b""))


def _digest(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


# ---- the history


def check_history(events: Sequence[Mapping[str, Any]], claims: Claims) -> Iterator[Finding]:
    """Whether each event names the hash of the one before, and the certificate one of them."""
    previous = START
    for version, event in enumerate(events, start=1):
        facts = {name: value for name, value in event.items() if name != "hash"}
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        whole = hashlib.sha256(text.encode()).hexdigest() == event.get("hash")
        if not whole or facts.get("previous") != previous or facts.get("version") != version:
            yield wrong(f"the history breaks at event {version}")
            return
        if facts.get("request") != claims.get("jti"):
            yield wrong("the history is of another request than the certificate")
            return
        previous = event["hash"]
    yield ok(f"history: {len(events)} events, each names the one before")
    if _version_of(events, claims.get("audit_head")) is None:
        yield wrong("the certificate was signed over another history, or over one that went further")
    else:
        yield ok("the certificate was signed over this history")


def _version_of(events: Sequence[Mapping[str, Any]], head: object) -> int | None:
    return next((int(event["version"]) for event in events if event["hash"] == head), None)


# ---- the digests


def check_digests(texts: Sequence[tuple[str, str]], keys: KeySet) -> tuple[list[Claims], list[Finding]]:
    """The digests that hold, in their order, and what is wrong with the others and with the chain."""
    told: list[Claims] = []
    before = ""
    for name, text in texts:
        try:
            claims = signed(text, keys, DIGEST, name)
        except NotSoundError as error:
            return told, [wrong(str(error))]
        if told and claims.get("number") != told[-1]["number"] + 1:
            return told, [wrong(f"{name}: a digest is missing before it")]
        if told and claims.get("previous") != before:
            return told, [wrong(f"{name} does not name the digest before it")]
        if claims.get("number") == 1 and claims.get("previous") != START:
            return told, [wrong(f"{name} is the first, and names one before it")]
        told.append(claims)
        before = hashlib.sha256(text.strip().encode()).hexdigest()
    if not told:
        return told, [wrong("there is no digest")]
    first, last = told[0], told[-1]
    findings = [ok(f"{len(told)} digests, {first['day']} to {last['day']}, each signed, each names the one before")]
    return told, findings + ([note(f"the first here is number {first['number']}")] if first["number"] != 1 else [])


def check_anchors(told: Sequence[Claims], events: Sequence[Mapping[str, Any]], claims: Claims) -> Iterator[Finding]:
    """Whether the history is the one that the digests name."""
    anchored = [(digest["day"], head[1], head[2]) for digest in told for head in digest["heads"]]
    mine = [
        (digest["day"], version, head)
        for digest in told
        for request_id, version, head in digest["heads"]
        if request_id == claims.get("jti")
    ]
    if not mine:
        yield wrong(f"none of the {len(anchored)} heads in the digests is of this request")
        return
    by_version = {int(event["version"]): event["hash"] for event in events}
    if not by_version:
        yield note("the digests name this request, but without its history nothing can be compared with them")
        return
    for day, version, head in mine:
        if by_version.get(version) != head:
            yield wrong(f"the digest of {day} names another history at event {version}")
            return
    day, version, _ = mine[-1]
    yield ok(f"anchored on {day} up to event {version}")
    at = _version_of(events, claims.get("audit_head"))
    if at is not None and at > version:
        yield note("the certificate is younger than the newest anchor: look again with tomorrow's digest")


# ---- all of it


def verify(
    certificate: Path, keys: Path, packages: Sequence[Path], events: Path | None, digests: Path | None
) -> Iterator[Finding]:
    """Everything that can be said of what was handed in."""
    try:
        known = read_keys(keys.read_text("utf-8"))
        claims = signed(certificate.read_text("utf-8"), known, CERTIFICATE, "the certificate")
    except NotSoundError as error:
        yield wrong(str(error))
        return
    yield from check_certificate(claims)
    if packages:
        yield from check_packages(packages, claims)
    elif claims.get("package"):
        yield note("the certificate names a package that was not handed in")
    history = _history(events) if events else []
    if events:
        yield from check_history(history, claims)
    if digests:
        texts = [(path.name, path.read_text("utf-8")) for path in sorted(digests.glob("*.jws"))]
        told, findings = check_digests(texts, known)
        yield from findings
        if told:
            yield from check_anchors(told, history, claims)


def _history(path: Path) -> list[dict[str, Any]]:
    raw = json.loads(path.read_text("utf-8"))
    found: list[dict[str, Any]] = raw["events"] if isinstance(raw, dict) else raw
    return found


def main(arguments: Sequence[str] | None = None, say: Callable[[str], object] = print) -> int:
    """Verify what the command line names."""
    parser = argparse.ArgumentParser(prog="verify", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("certificate", type=Path)
    parser.add_argument("--keys", type=Path, required=True, help="from /.well-known/jwks.json")
    parser.add_argument("--package", type=Path, nargs="+", default=[], help="the ZIP, or all of its volumes")
    parser.add_argument("--events", type=Path, help="from /ops/requests/{id}/audit")
    parser.add_argument("--digests", type=Path, help="a folder with the digests of the audit bucket")
    given = parser.parse_args(arguments)
    found = []
    try:
        for sort, words in verify(given.certificate, given.keys, given.package, given.events, given.digests):
            found.append(sort)
            say(f"{sort + ':':<6} {words}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        say(f"WRONG: a file could not be read as what it was given out for ({type(error).__name__})")
        return 1
    bad = found.count("WRONG")
    say("Nothing is wrong." if not bad else f"{bad} thing{'s are' if bad > 1 else ' is'} wrong.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
