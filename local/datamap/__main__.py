"""`python -m local.datamap check | build`: hold a data map against its real stores, or make roles and policies of it.

`make datamap-check` and `make datamap-build` call it. `check` ends with 0 when map and stores agree, 1 when they do
not, 2 when a store or the map itself could not be read.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from local.cloud import Options, running
from local.datamap.build import build
from local.datamap.describe import DESCRIBERS, Places
from local.emulator import ACCOUNT_ID
from local.processes import LocalCloudError
from rights.datamap import DataMap, StoreMap, load_data_map
from rights.datamap.compare import Finding, compare
from rights.datamap.load import line_of
from rights.errors import DataMapError

_PEOPLE = 100
"""Sample people of the local cloud: enough that every optional attribute of the sample mall is there."""


def main(words: Sequence[str]) -> int:
    """Do what was asked; returns the exit code."""
    arguments = parse(words)
    try:
        data_map = load_data_map(arguments.map)
        if arguments.command == "build":
            return _build(data_map, arguments.to, arguments.account)
        with _reached(arguments) as (client, account_id):
            places = Places(client, account_id, data_map)
            return check(places, arguments.map, arguments.store, is_strict=arguments.strict)
    except (DataMapError, LocalCloudError) as error:
        print(f"error: {error}")
        return 2


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m local.datamap", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("check", help="compare the map with the real stores; non-zero where they disagree")
    two = commands.add_parser(
        "build", help="write the roles for our parameters, and a role template for each store's owner"
    )
    for command in (one, two):
        command.add_argument("--map", type=Path, help="the folder of the data map (the packaged one)")
    one.add_argument("--aws", action="store_true", help="the stores in AWS, with your credentials (a local cloud's)")
    one.add_argument("--store", action="append", help="only this store; may come several times")
    one.add_argument("--strict", action="store_true", help="fail for notes too")
    two.add_argument("--to", type=Path, default=Path("build/datamap"), help="the folder to write to (build/datamap)")
    two.add_argument("--account", default="*", help="the account that the rights system runs in (any)")
    return parser.parse_args(words)


def check(places: Places, folder: Path | None, only: Sequence[str] | None, *, is_strict: bool = False) -> int:
    """Compare, tell every finding by file and line, and return the exit code."""
    today = datetime.now(UTC).date()
    problems = notes = 0
    unreached = False
    for store in _chosen(places.data_map.stores, only):
        try:
            found = DESCRIBERS[store.rights.kind](places, store)
        except (ClientError, BotoCoreError, psycopg.Error, KeyError, ValueError) as error:
            unreached = True
            print(f"{line_of(folder, store=store.fides_key)}: {store.fides_key}: not reached: {_named(error)}")
            continue
        findings = sorted(compare(store, found, today))
        for finding in findings:
            print(_told(folder, finding))
        problems += sum(not finding.is_note for finding in findings)
        notes += sum(finding.is_note for finding in findings)
    print(f"{problems} problems, {notes} notes")
    if unreached:
        return 2
    return 1 if problems or (is_strict and notes) else 0


def _chosen(stores: Iterable[StoreMap], only: Sequence[str] | None) -> list[StoreMap]:
    reached = [store for store in stores if store.rights.kind in DESCRIBERS]
    unknown = set(only or ()) - {store.fides_key for store in reached}
    if unknown:
        msg = f"no store of the map that could be looked at is called {', '.join(sorted(unknown))}"
        raise DataMapError(msg)
    return [store for store in reached if only is None or store.fides_key in only]


def _told(folder: Path | None, finding: Finding) -> str:
    place = line_of(folder, store=finding.store, collection=finding.collection, field=finding.field)
    name = ".".join(part for part in (finding.store, finding.collection, finding.field) if part)
    return f"{place}: {'note: ' if finding.is_note else ''}{name}: {finding.problem}"


def _named(error: Exception) -> str:
    """The error by its name and code only: its text may quote what a store holds."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response.get('Error', {}).get('Code', '')}"
    return f"{type(error).__name__} {getattr(error, 'sqlstate', None) or ''}".strip()


def _build(data_map: DataMap, folder: Path, account: str) -> int:
    for name, text in build(data_map, account).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        print(file)
    return 0


def _reached(arguments: argparse.Namespace) -> AbstractContextManager[tuple[Any, str]]:
    return _in_aws() if arguments.aws else _locally()


@contextmanager
def _in_aws() -> Any:
    session = boto3.Session()
    made: Any = session.client
    try:
        account: str = session.client("sts").get_caller_identity()["Account"]
    except (ClientError, BotoCoreError) as error:
        msg = f"no AWS account is reached: {_named(error)}"
        raise LocalCloudError(msg) from None
    yield made, account


@contextmanager
def _locally() -> Any:
    with running(Options(port=0, population=_PEOPLE), print) as cloud:
        yield cloud.client, ACCOUNT_ID


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
