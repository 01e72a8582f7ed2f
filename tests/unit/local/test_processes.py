import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.front import Front, Pages
from local.processes import LocalCloudError, free_port, is_free, require_free, spawn

PAGES = Pages(list, dict)


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken


def test_a_taken_port_is_told_in_words_a_person_can_act_on(taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    with pytest.raises(LocalCloudError, match=rf"port {port} .* is taken by another program.*PORT="):
        require_free(port)


def test_the_front_does_not_start_on_a_taken_port(taken: socket.socket) -> None:
    with pytest.raises(LocalCloudError, match="taken"):
        Front(taken.getsockname()[1], PAGES)


def test_a_free_port_is_free() -> None:
    assert is_free(free_port())


def sleeper(folder: Path, code: str) -> tuple[Path, list[str]]:
    return folder / "log", [sys.executable, "-c", code]


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_stopping_a_child_ends_its_children_too(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('pid', 'w').write(str(child.pid)); print('up', flush=True); time.sleep(60)"
    )
    log, command = sleeper(tmp_path, code)
    child = spawn("sleeper", command, log=log, env={}, cwd=tmp_path)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.02)
    child.stop()
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_child_that_ended_early_is_reported_with_its_last_words(tmp_path: Path) -> None:
    log, command = sleeper(tmp_path, "import sys; sys.exit('no room')")
    child = spawn("sleeper", command, log=log, env={})
    child.process.wait()
    with pytest.raises(LocalCloudError, match=r"sleeper ended with code 1(.|\n)*no room"):
        child.require_alive()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's own")
def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time\n"
        "from local.processes import spawn\n"
        "child = spawn('c', [sys.executable, '-c', 'import time; time.sleep(60)'], log=pathlib.Path('log'), env={})\n"
        "pathlib.Path('pid').write_text(str(child.process.pid)); time.sleep(60)"
    )
    env = {"PYTHONPATH": str(Path.cwd())}
    parent = spawn("parent", [sys.executable, "-c", code], log=tmp_path / "out", env=env, cwd=tmp_path)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert parent.is_alive(), parent.log_tail()
        time.sleep(0.02)
    time.sleep(0.2)
    os.kill(parent.process.pid, signal.SIGKILL)
    parent.process.wait()
    assert gone(int((tmp_path / "pid").read_text()))
