import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local.packaging import Archive, Packager


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("rights/domain", "greet/templates", "other", "greet/__pycache__"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "rights" / "__init__.py").write_text("")
    (tmp_path / "rights" / "domain" / "work.py").write_text("WORK = 1\n")
    (tmp_path / "greet" / "app.py").write_text("def lambda_handler(event, context): ...\n")
    (tmp_path / "greet" / "templates" / "page.html").write_text("<p>\n")
    (tmp_path / "greet" / "__pycache__" / "app.pyc").write_text("")
    (tmp_path / "other" / "app.py").write_text("")
    return tmp_path


def opened(archive: Archive) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(archive.content))


def test_an_archive_holds_the_functions_folder_the_shared_package_and_the_bootstrap(root: Path) -> None:
    names = set(opened(Packager(root).package("greet.app.lambda_handler")).namelist())
    assert {name for name in names if not name.endswith(".pyc")} == {
        "bootstrap",
        "_local_runtime.py",
        "rights/__init__.py",
        "rights/domain/work.py",
        "greet/app.py",
        "greet/templates/page.html",
    }


def test_every_module_has_its_bytecode_beside_it(root: Path, tmp_path: Path) -> None:
    archive = opened(Packager(root).package("greet.app.lambda_handler"))
    archive.extractall(tmp_path / "function")
    (tmp_path / "function" / "rights" / "domain" / "work.py").write_text("raise RuntimeError\n")
    command = [sys.executable, "-c", "import rights.domain.work as work; print(work.WORK)"]
    ran = subprocess.run(command, cwd=tmp_path / "function", capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stdout == "1\n"


def test_the_bootstrap_is_executable_and_runs_this_python(root: Path) -> None:
    archive = opened(Packager(root).package("greet.app.lambda_handler"))
    assert archive.getinfo("bootstrap").external_attr >> 16 & 0o111
    assert sys.executable in archive.read("bootstrap").decode()


def test_the_same_sources_give_the_same_archive(root: Path) -> None:
    first = Packager(root).package("greet.app.lambda_handler")
    (root / "greet" / "app.py").touch()
    assert Packager(root).package("greet.app.lambda_handler").key == first.key


def test_a_changed_source_gives_another_archive(root: Path) -> None:
    first = Packager(root).package("greet.app.lambda_handler")
    (root / "rights" / "domain" / "work.py").write_text("WORK = 2\n")
    assert Packager(root).package("greet.app.lambda_handler").key != first.key


def test_a_handler_without_a_folder_is_named(root: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no folder nowhere"):
        Packager(root).package("nowhere.app.lambda_handler")
