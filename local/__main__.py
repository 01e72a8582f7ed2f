"""`python -m local`: the local cloud from the command line. `make run` calls it; `make help` lists what there is."""

import argparse
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from local.cloud import Cloud, Options, running
from local.journey import Filed, JourneyError, Visitor
from local.mall import Person, expected_access, expected_deletion
from local.processes import LocalCloudError
from local.report import Reporter, differences

_EXPECTED = {"access": expected_access, "deletion": expected_deletion}


def main() -> int:
    """Start the cloud and do what was asked; returns the exit code."""
    arguments = parse(sys.argv[1:], os.environ)
    reporter = Reporter()
    options = Options(port=arguments.port, state=arguments.state, population=arguments.people)
    try:
        with running(options, reporter.say) as cloud:
            well = arguments.serve or _play(cloud, reporter)
            if not arguments.once:
                _stay(cloud, reporter)
            return 0 if well else 1
    except KeyboardInterrupt:
        return 0 if not arguments.once else 130
    except LocalCloudError as error:
        reporter.say(f"error: {error}")
        return 2


def parse(words: Sequence[str], environment: Mapping[str, str]) -> argparse.Namespace:
    """The command line; `PORT` and `STATE`, where they are not empty, stand in for what it does not say."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--once", action="store_true", help="end after the two requests; 0 when both closed well")
    what.add_argument("--serve", action="store_true", help="only serve, without requests of its own")
    parser.add_argument("--port", type=int, default=int(environment.get("PORT") or 8000), help="public port (PORT)")
    parser.add_argument("--people", type=int, default=2000, help="how many sample people")
    # `make` hands an empty STATE over; argparse would take that for the folder we stand in.
    kept = environment.get("STATE") or None
    parser.add_argument("--state", type=_folder, default=kept, help="keep everything there (STATE)")
    return parser.parse_args(words)


def _folder(name: str) -> Path:
    return Path(name).expanduser().resolve()


def _play(cloud: Cloud, reporter: Reporter) -> bool:
    person = _somebody(cloud)
    reporter.say(f"Somebody asks: {person.name}, {person.phone}, {person.email}\n")
    done: list[Filed] = []
    with closing(Visitor(cloud.base_url, cloud.mailbox)) as visitor, reporter.progress():
        for right, contact in (("access", person.phone), ("deletion", person.email or person.phone)):
            filed = _follow(visitor, right, contact, reporter)
            if filed is not None:
                done.append(filed)
            if filed is None or not filed.closed_well:
                break
    wells = [_conclude(cloud, reporter, person, filed) for filed in done]
    well = len(wells) == len(_EXPECTED) and all(wells)
    reporter.say("Both requests closed well." if well else "NOT both requests closed well.")
    return well


def _somebody(cloud: Cloud) -> Person:
    """The first person whose account still exists: a kept state may hold earlier deletions.

    And who has no files: somebody looks at those before they are handed over, and here nobody does.
    """
    for person in cloud.mall.people:
        if person.account_id and person.email and not person.rows.get("files"):
            key = {"account_id": {"S": person.account_id}}
            if "Item" in cloud.client("dynamodb").get_item(TableName="mall-accounts", Key=key):
                return person
    message = "every sample person has been deleted; start with another STATE folder"
    raise LocalCloudError(message)


def _follow(visitor: Visitor, right: str, contact: str, reporter: Reporter) -> Filed | None:
    filed: Filed | None = None
    try:
        for filed in visitor.go_through(right, contact):
            reporter.update(filed)
    except (JourneyError, TimeoutError) as error:
        reporter.say(f"error: {right}: {error}")
    return filed


def _conclude(cloud: Cloud, reporter: Reporter, person: Person, filed: Filed) -> bool:
    expected = _EXPECTED[filed.right](cloud.mall, person)
    reporter.table(filed, expected)
    reporter.links(filed, cloud.base_url)
    unexpected = [store["store"] for store in filed.stores if differences(store, expected.get(store["store"]))]
    missing = sorted(expected.keys() - {store["store"] for store in filed.stores})
    if not filed.closed_well:
        for line in cloud.troubles():
            reporter.say(f"  trouble: {line}")
    return filed.closed_well and not unexpected and not missing


_DOORS = {
    "form": "/",
    "console": "/ops",
    "mailbox": "/_local/mailbox",
    "people": "/_local/people",
    "affiliate": "/_local/affiliate",
}


def _stay(cloud: Cloud, reporter: Reporter) -> None:
    for name, path in _DOORS.items():
        reporter.say(f"{name:<10}{cloud.base_url}{path}")
    reporter.say("Ctrl-C stops it.")
    threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
