"""Partners and affiliates, played: programs of their own, under their own names, without the product."""

import json
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from local import affiliates, partners
from local.partners.authority import Authority
from tests.support.functions import SHARED, folders
from tests.support.template import ROOT

PROGRAMS = sorted((ROOT / "local").glob("*/simulator.py"))
TOLD = {"subject_request_id": "a6b3c2d1", "request_status": "completed"}


def trusting(authorities: Path, host: str, port: int) -> httpx.Response:
    """What a server answers that is reached at a port of this machine and goes by `host`."""
    with httpx.Client(verify=ssl.create_default_context(cafile=authorities)) as client:
        named = {"sni_hostname": host}
        call = client.build_request("POST", f"https://127.0.0.1:{port}/v2/requests", json=TOLD, extensions=named)
        return client.send(call)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.parent.name)
def test_a_program_that_plays_somebody_shares_no_code_with_the_product(program: Path) -> None:
    code = "import json, runpy, sys; runpy.run_path(sys.argv[1]); print(json.dumps(list(sys.modules)))"
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own code
        [sys.executable, "-P", "-c", code, program],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'functions'}"},
        capture_output=True,
        check=True,
    )
    assert not {name.split(".")[0] for name in json.loads(done.stdout)} & {SHARED, "functions", *folders()}


def test_a_partner_serves_under_its_own_name_and_behaves_as_it_is_told(tmp_path: Path) -> None:
    with partners.playing(tmp_path) as played:
        ads = played["ads"]
        ads.behave("down")
        assert trusting(played.authorities, ads.host, ads.port).status_code == 503
        assert ads.state()["behaviour"] == "down"


def test_an_affiliate_takes_what_it_is_told_and_sees_that_nobody_signed_it(tmp_path: Path) -> None:
    with affiliates.playing(tmp_path, Authority()) as played:
        answer = trusting(tmp_path / "affiliates" / "authorities.pem", affiliates.HOST, played.port)
        assert answer.status_code == 202
        [told] = played.callbacks(TOLD["subject_request_id"])
        assert told["signed"] is False
