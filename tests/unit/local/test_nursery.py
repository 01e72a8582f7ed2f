import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import nursery

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="functions are born in a nursery on Linux only")

_SECONDS = 60.0


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A nursery that serves."""
    where = tmp_path_factory.mktemp("nursery") / "socket"
    process = subprocess.Popen([sys.executable, "-P", nursery.__file__, str(where)])  # noqa: S603 - our own file
    until = time.monotonic() + _SECONDS
    while not where.exists() and time.monotonic() < until:
        time.sleep(0.01)
    yield where
    process.kill()
    process.wait()


def born(address: Path, folder: Path, script: str, **environment: str) -> subprocess.Popen[str]:
    (folder / "script.py").write_text(script)
    command = [sys.executable, "-I", "-S", nursery.__file__, "--ask", str(folder / "script.py")]
    env = {nursery.ADDRESS: str(address), **environment}
    return subprocess.Popen(  # noqa: S603 - our own file
        command, env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_a_function_has_the_environment_the_folder_and_the_output_of_its_asker(address: Path, tmp_path: Path) -> None:
    script = "import os\nprint(os.environ['WHO'], os.getcwd(), 'HOME' in os.environ, __name__)\n"
    asker = born(address, tmp_path, script, WHO="me")
    assert asker.communicate(timeout=_SECONDS)[0] == f"me {tmp_path} False __main__\n"
    assert asker.returncode == 0


def test_an_asker_ends_with_the_code_of_its_function(address: Path, tmp_path: Path) -> None:
    with born(address, tmp_path, "raise SystemExit(3)") as asker:
        assert asker.wait(_SECONDS) == 3


def test_an_error_is_written_out_as_the_interpreter_does(address: Path, tmp_path: Path) -> None:
    asker = born(address, tmp_path, "raise ValueError('odd')")
    told, _ = asker.communicate(timeout=_SECONDS)
    assert asker.returncode == 1
    assert told.endswith("ValueError: odd\n")


def test_an_asker_ends_by_the_signal_that_ended_its_function(address: Path, tmp_path: Path) -> None:
    with born(address, tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n") as asker:
        assert asker.wait(_SECONDS) == -signal.SIGKILL


def test_a_function_ends_with_its_asker_even_when_it_is_frozen(address: Path, tmp_path: Path) -> None:
    with born(address, tmp_path, "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n") as asker:
        assert asker.stdout is not None
        function = int(asker.stdout.readline())
        os.kill(function, signal.SIGSTOP)
        asker.kill()
    until = time.monotonic() + _SECONDS
    while Path("/proc", str(function)).exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not Path("/proc", str(function)).exists()


def test_what_lambda_does_not_have_is_not_there(address: Path, tmp_path: Path) -> None:
    script = "import botocore.compat\nprint(botocore.compat.HAS_CRT)\nimport OpenSSL\n"
    told, _ = born(address, tmp_path, script).communicate(timeout=_SECONDS)
    assert told.startswith("False\n")
    assert "ModuleNotFoundError" in told
