"""The local cloud as a whole: start it, use it, and be sure that it is gone afterwards."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from local import affiliates as played
from local import emulator as emulators
from local import mall as malls
from local import nursery, operators, stack
from local.emulator import Emulator
from local.front import Front, Pages
from local.mailbox import Mailbox
from local.packaging import RUNTIME_NAME
from local.partners import Partners, playing
from local.postgres import Connection, Postgres
from local.processes import require_free, spawn
from local.transform import load_template

ROOT = Path(__file__).resolve().parent.parent
PRODUCT, MALL = "data-rights", "sample-mall"
STAGE = "local"
MAIL_FROM = "rights@mall.example"

_KILL_SECONDS = 10.0
_LONGEST_ADDRESS = 100
"""Bytes in the name of a socket, a little less than the kernel allows."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How to start the local cloud; the times are short so that one can watch them pass."""

    port: int = 8000
    """The public port; 0 takes a free one."""
    state: Path | None = None
    """A folder that keeps everything over restarts."""
    population: int = 2000
    identity_timeout_seconds: int = 3600
    review_timeout_seconds: int = 3600
    repair_delay_seconds: int = 10
    cooling_off_seconds: int = 3
    partner_first_pause_seconds: int = 2
    partner_longest_pause_seconds: int = 10
    parameters: dict[str, str] = field(default_factory=dict)
    """Further parameters of `template.yaml`."""


@dataclass
class Cloud:
    """A running local cloud."""

    emulator: Emulator
    database: Connection
    front: Front
    mailbox: Mailbox
    mall: malls.Mall
    outputs: dict[str, str]
    work: Path
    partners: Partners
    affiliate: played.Affiliate

    @property
    def base_url(self) -> str:
        """Where the public API answers."""
        return self.front.url

    def client(self, service: str) -> Any:
        """A boto3 client for one service of this cloud."""
        return self.emulator.client(service)

    @cached_property
    def resources(self) -> dict[str, str]:
        """The physical id of every resource of the product's stack, by its name in the template."""
        return stack.resources_of_stack(self.emulator, PRODUCT)

    @cached_property
    def stores(self) -> malls.Stores:
        """Where the sample mall's stores are."""
        return _stores(self.emulator, self.database)

    def workers(self, resource: str) -> list[int]:
        """The ids of the processes that serve a function, by its name in the template."""
        folder = self.work / "workers" / self.resources[resource]
        return [int(file.name) for file in folder.glob("*") if _is_worker(file.name)]

    def kill_workers(self, resource: str) -> int:
        """End the processes of a function, by its name in the template, as a crash would; returns how many."""
        folder = self.work / "workers" / self.resources[resource]
        return sum(_kill(pid, (folder / str(pid)).read_text("utf-8")) for pid in self.workers(resource))

    def troubles(self) -> list[str]:
        """Runs of the state machine that did not succeed, and the errors the functions logged lately."""
        states = self.client("stepfunctions")
        machine = self.outputs["StateMachineArn"]
        lines = []
        for status in ("FAILED", "TIMED_OUT", "ABORTED"):
            for run in states.list_executions(stateMachineArn=machine, statusFilter=status)["executions"]:
                told = states.describe_execution(executionArn=run["executionArn"])
                lines.append(
                    f"run {run['name']} {status}: {told.get('error', '')} {told.get('cause', '')[:300]}".strip()
                )
        logged = [line for line in self.logs() if '"level":"ERROR"' in line or "[ERROR]" in line]
        return lines + [line.strip()[:600] for line in logged[-5:]]

    def logs(self) -> list[str]:
        """Every line the functions and the state machine have logged so far, oldest first."""
        logs = self.client("logs")
        groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        pages = (
            page for group in groups for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        )
        events = sorted((event["timestamp"], event["message"]) for page in pages for event in page["events"])
        return [message for _, message in events]


def _is_worker(pid: str) -> bool:
    """Whether the process is still the one that left its id: ids are given out again."""
    command = ["ps", "-ww", "-o", "command=", "-p", pid]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    return RUNTIME_NAME in told or nursery.__file__ in told


def _kill(pid: int, asker: str) -> bool:
    """End a worker, and return when MiniStack can see it: what it knows is the asker, which ends a moment later."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    until = time.monotonic() + _KILL_SECONDS
    while asker and _runs(asker) and time.monotonic() < until:
        time.sleep(0.005)
    return True


def _runs(pid: str) -> bool:
    stat = Path("/proc", pid, "stat")
    try:
        return stat.read_text("utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def running(options: Options | None = None, report: Report = lambda _: None) -> Iterator[Cloud]:
    """A local cloud with the product and the sample mall in it, stopped without a trace afterwards.

    Call it from the main thread. `report` hears in words what is being done. `LocalCloudError` says what is wrong.
    """
    chosen = options or Options()
    if chosen.port:
        require_free(chosen.port)
    with ExitStack() as cleanup:
        work = cleanup.enter_context(_work_folder())
        cleanup.enter_context(_stop_signals())
        report("Starting MiniStack and PostgreSQL")
        partners = cleanup.enter_context(playing(work))
        affiliate = cleanup.enter_context(played.playing(work, partners.authority))
        settings = {
            "LOCAL_PARTNERS": partners.setting(affiliate.addresses()),
            **cleanup.enter_context(_nursery(work)),
        }
        emulator = emulators.start(work, state=chosen.state and chosen.state / "ministack", settings=settings)
        cleanup.callback(emulator.child.stop)
        postgres = Postgres.prepare(work, chosen.state)
        cleanup.callback(postgres.stop)
        postgres.start()
        emulator.wait_ready()
        database = postgres.wait_ready()

        report("Filling the sample mall")
        stack.deploy(emulator, load_template(ROOT / "local" / "mall.yaml"), MALL, {})
        sample = _fill(emulator, database, chosen.population)

        report("Creating the stack from template.yaml")
        mailbox = Mailbox(emulator.endpoint)
        cleanup.callback(mailbox.close)
        health = _health(emulator, postgres, partners)
        letters = lambda: [m.as_json() for m in mailbox.messages()]  # noqa: E731 - as those below
        outputs: dict[str, str] = {}
        sign_in = operators.HostedUi(emulator.endpoint, lambda: outputs["OperatorPoolId"])
        pages = Pages(letters, health, _shown(sample, partners, affiliate), sign_in)
        front = Front(chosen.port, pages)
        cleanup.callback(front.close)
        outputs |= _deploy_product(emulator, front, chosen)
        operators.register(emulator, outputs["OperatorPoolId"])
        front.serve_api(api_address(emulator, outputs))
        ssm, kms = emulator.client("ssm"), emulator.client("kms")
        affiliate.open_for_business(front.url, ssm, kms, partners.authority, outputs["OpendsrKeyId"])
        mailbox.watch()
        yield Cloud(emulator, database, front, mailbox, sample, outputs, work, partners, affiliate)
        report("Stopping")


def _shown(sample: malls.Mall, partners: Partners, affiliate: played.Affiliate) -> dict[str, Callable[[], object]]:
    """The pages under `/_local/` that are lists of what there is."""
    return {
        "people": lambda: malls.people(sample),
        "operators": lambda: [one.as_json() for one in operators.OPERATORS],
        "partners": partners.summary,
        "affiliate": affiliate.as_json,
    }


def api_address(emulator: Emulator, outputs: dict[str, str]) -> str:
    """Where MiniStack serves the stack's REST API."""
    return f"{emulator.endpoint}/restapis/{outputs['ApiId']}/{STAGE}/_user_request_"


def _deploy_product(emulator: Emulator, front: Front, options: Options) -> dict[str, str]:
    parameters = {
        "Stage": STAGE,
        "BaseUrl": front.url,
        # Under another name of this machine, so that a browser takes it for another site, as that of a pool is.
        "HostedUiUrl": f"http://localhost:{front.port}{operators.PATH}",
        "MailFrom": MAIL_FROM,
        "IdentityTimeoutSeconds": str(options.identity_timeout_seconds),
        "ReviewTimeoutSeconds": str(options.review_timeout_seconds),
        "RepairDelaySeconds": str(options.repair_delay_seconds),
        "CoolingOffSeconds": str(options.cooling_off_seconds),
        "ProcessorDomain": played.PROCESSOR_DOMAIN,
        "CallbackFirstPauseSeconds": "1",
        "PartnerFirstPauseSeconds": str(options.partner_first_pause_seconds),
        "PartnerLongestPauseSeconds": str(options.partner_longest_pause_seconds),
        "QuietHours": "off",
        # MiniStack cannot put a web ACL before an API (it has no association of one), and counts no calls.
        "FloodGuard": "off",
        "PurgeEnough": "1",
        **options.parameters,
    }
    outputs = stack.deploy_sam(emulator, ROOT / "template.yaml", PRODUCT, parameters, ROOT / "functions")
    # What an owner does once by answering SES's mail.
    emulator.client("ses").verify_email_identity(EmailAddress=MAIL_FROM)
    return outputs


def _stores(emulator: Emulator, database: Connection) -> malls.Stores:
    bucket = f"mall-support-{emulators.ACCOUNT_ID}"
    parameter = emulator.client("ssm").get_parameter(Name=malls.USER_POOL_PARAMETER)
    return malls.Stores(
        dynamodb=emulator.client("dynamodb"),
        s3=emulator.client("s3"),
        bucket=bucket,
        cognito=emulator.quick_client("cognito-idp"),
        user_pool=parameter["Parameter"]["Value"],
        dsn=database.dsn,
        lake=f"mall-lake-{emulators.ACCOUNT_ID}",
    )


def _fill(emulator: Emulator, database: Connection, population: int) -> malls.Mall:
    sample = malls.loaded(database.dsn)
    if sample is None:
        sample = malls.generate(population)
        malls.load(_stores(emulator, database), sample)
    with psycopg.connect(database.dsn) as connection:
        # The least privileged user enters with the server's password: it changes with the folder, not the secret.
        connection.execute(sql.SQL("ALTER ROLE mall_rights PASSWORD {}").format(sql.Literal(database.password)))
    malls.point_secret(emulator.client("secretsmanager"), database.dsn)
    return sample


def _health(emulator: Emulator, postgres: Postgres, partners: Partners) -> Callable[[], dict[str, str]]:
    def health() -> dict[str, str]:
        running = {
            "ministack": emulator.child.is_alive(),
            "postgres": bool(postgres.server and postgres.server.is_alive()),
            **{name: one.child.is_alive() for name, one in partners.simulators.items()},
        }
        return {name: "ok" if well else "stopped" for name, well in running.items()}

    return health


@contextmanager
def _work_folder() -> Iterator[Path]:
    """A temporary folder of this run; PostgreSQL, which runs as another user under root, may pass through it."""
    with tempfile.TemporaryDirectory(prefix="data-rights-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            folder.chmod(0o711)
        yield folder


@contextmanager
def _nursery(work: Path) -> Iterator[dict[str, str]]:
    """Where the functions' processes are born, and the setting that names it; elsewhere than on Linux there is none."""
    address = work / "nursery"
    if sys.platform != "linux" or len(str(address)) > _LONGEST_ADDRESS:
        yield {}
        return
    command = [sys.executable, "-P", nursery.__file__, str(address)]
    child = spawn("nursery", command, log=work / "nursery.log", env=emulators.plain_environment(work), cwd=work)
    try:
        while not address.exists():
            child.require_alive()
            time.sleep(0.01)
        yield {nursery.ADDRESS: str(address)}
    finally:
        child.stop()


@contextmanager
def _stop_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end us as Ctrl-C does, through every clean-up; Ctrl-C too where a shell had it ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
