"""The functions as the repository lays them out: a folder each, a resource each, the events they are sent."""

import importlib
import inspect
import json
import re
from collections.abc import Callable
from typing import Any

from rights.stores import door
from tests.support.template import ROOT, resources

FUNCTIONS = ROOT / "functions"
SHARED = "rights"


def folders() -> list[str]:
    """The folder of every function."""
    return sorted(path.parent.name for path in FUNCTIONS.glob("*/app.py"))


def resource_of(folder: str) -> str:
    """What a function is called in the template."""
    return f"{state_of(folder)}Function"


def state_of(folder: str) -> str:
    """What a function's state is called, if it has one."""
    return "".join(part.capitalize() for part in folder.split("_"))


def folder_of(resource: str) -> str:
    """The folder of a function's resource."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", resource.removesuffix("Function")).lower()


def properties_of(folder: str) -> dict[str, Any]:
    """The properties of a function's resource."""
    properties: dict[str, Any] = resources("AWS::Serverless::Function")[resource_of(folder)]["Properties"]
    return properties


def app_of(folder: str) -> Any:
    """The module that holds a function's handler."""
    return importlib.import_module(f"{folder}.app")


def reader_of(folder: str) -> Callable[[dict[str, Any]], object] | None:
    """How a handler reads its event into its model; `None` for one whose events AWS shapes."""
    app = app_of(folder)
    if getattr(app, "serve", None) is door.serve:
        return door.parse
    named = re.findall(r"(\w+)\.model_validate\(event\)", inspect.getsource(app))
    reader: Callable[[dict[str, Any]], object] | None = getattr(app, named[0]).model_validate if named else None
    return reader


def samples_of(folder: str) -> dict[str, dict[str, Any]]:
    """The sample events of a function: `<folder>.json` and `<folder>_<case>.json`."""
    longer = [other for other in folders() if other.startswith(f"{folder}_")]
    return {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in sorted((ROOT / "events").glob(f"{folder}*.json"))
        if (path.stem == folder or path.stem.startswith(f"{folder}_")) and not path.stem.startswith(tuple(longer))
    }
