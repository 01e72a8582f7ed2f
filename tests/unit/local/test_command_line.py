from pathlib import Path

import pytest

from local.__main__ import parse


@pytest.mark.parametrize("environment", [{}, {"STATE": "", "PORT": ""}])
def test_nothing_is_kept_unless_a_folder_is_named(environment: dict[str, str]) -> None:
    said = parse([], environment)
    assert said.state is None
    assert said.port == 8000


def test_the_folder_and_the_port_come_from_the_environment_or_the_command_line(tmp_path: Path) -> None:
    environment = {"STATE": str(tmp_path / "one"), "PORT": "8010"}
    assert (parse([], environment).state, parse([], environment).port) == (tmp_path / "one", 8010)
    said = parse(["--state", str(tmp_path / "two"), "--port", "8020"], environment)
    assert (said.state, said.port) == (tmp_path / "two", 8020)
