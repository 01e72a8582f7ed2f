"""What is deployed, built as `sam build` builds it: small enough for Lambda, and whole."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.test_imports import GROUPS, groups_of
from tests.support.functions import FUNCTIONS, SHARED, folders, resource_of
from tests.support.symbols import imported, sources

LARGEST = 120 * 1024 * 1024
LARGEST_OF_A_LAKE = 240 * 1024 * 1024
"""Bytes, unzipped (DESIGN section 2); Lambda itself takes 250 MB."""


def one_of_each_kind() -> dict[str, str]:
    """A function for every set of groups that any function names."""
    return {"+".join(sorted(groups_of(folder))): folder for folder in reversed(folders())}


@pytest.mark.build
@pytest.mark.parametrize("groups", sorted(one_of_each_kind()))
def test_an_artefact_is_small_and_holds_all_that_its_handler_imports(groups: str, tmp_path: Path) -> None:
    folder = one_of_each_kind()[groups]
    artefact = tmp_path / "artefact"
    make = shutil.which("make")
    assert make
    subprocess.run(  # noqa: S603 - our own Makefile
        [make, "-s", f"build-{resource_of(folder)}", f"ARTIFACTS_DIR={artefact}", f"PYTHON={sys.executable}"],
        cwd=FUNCTIONS, check=True, timeout=300,
    )  # fmt: skip
    size = sum(path.stat().st_size for path in artefact.rglob("*") if path.is_file())
    assert size < (LARGEST_OF_A_LAKE if "lake" in groups else LARGEST)
    assert (artefact / folder / "app.py").is_file()
    assert {path.name for path in artefact.iterdir()} & set(folders()) == {folder}
    needed = {found for name in sources() if name.split(".")[0] in {SHARED, folder} for found in imported(name)}
    others = {package for group in GROUPS.keys() - groups_of(folder) for package in GROUPS[group]}
    for package in {name.split(".")[0] for name in needed} - sys.stdlib_module_names - others:
        assert list(artefact.glob(f"{package}")) or list(artefact.glob(f"{package}.*")), package
    assert knows_new_year_in_cambodia(artefact)
    assert not [path for path in artefact.rglob("*") if path.name in {"__pycache__", "tests"}]
    compiled = [path.name for path in artefact.rglob("*.cpython-*.so")]
    assert compiled
    assert all("cpython-313-aarch64" in name for name in compiled), "built for another machine"


def knows_new_year_in_cambodia(artefact: Path) -> bool:
    """Of the calendars only one is shipped: it must work without the others, and without this machine's packages."""
    code = (
        "from datetime import date; from rights.public_holidays import works_in_cambodia as works;"
        "print(works(date(2026, 4, 14)), works(date(2026, 4, 20)))"
    )
    asked = subprocess.run(  # noqa: S603 - our own interpreter, our own code
        [sys.executable, "-B", "-S", "-c", code], env={"PYTHONPATH": str(artefact)},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return asked.stdout.split() == ["False", "True"]
