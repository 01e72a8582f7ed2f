"""Reading the data map: YAML files in, one checked `DataMap` out, or an error that names file, line and reason."""

import functools
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml
from pydantic import ValidationError

from rights.datamap.check import Location, problems, scope_problems
from rights.datamap.model import DataMap, PlainDataset, StoreMap
from rights.errors import DataMapError

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PACKAGED = Path(__file__).with_name("stores")


def load_data_map(folder: Path | None = None) -> DataMap:
    """The data map of `folder`, by default the packaged one (read once); `version` is a hash over its files.

    Raises DataMapError for a file that cannot be read as one, naming file, line and reason, never a value.
    """
    return _packaged() if folder is None else _read(folder)


@functools.cache
def _packaged() -> DataMap:
    return _read(_PACKAGED)


def _read(folder: Path) -> DataMap:
    files = sorted(folder.glob("*.yaml"))
    if not files:
        msg = "the data map has no files"
        raise DataMapError(msg)
    digest = hashlib.sha256()
    stores: list[StoreMap] = []
    described: list[PlainDataset] = []
    for file in files:
        text = file.read_bytes()
        digest.update(hashlib.sha256(file.name.encode()).digest() + hashlib.sha256(text).digest())
        for location, dataset in _datasets(file, text):
            if isinstance(dataset, PlainDataset):
                described.append(dataset)
                continue
            if any(dataset.fides_key == other.fides_key for other in stores):
                _refuse(file, text, (*location, "fides_key"), "two stores have this key")
            for inner, reason in (*problems(dataset), *scope_problems(dataset, stores)):
                _refuse(file, text, (*location, *inner), reason)
            stores.append(dataset)
    return DataMap(version=digest.hexdigest(), stores=tuple(stores), described=tuple(described))


def _datasets(file: Path, text: bytes) -> Iterator[tuple[Location, StoreMap | PlainDataset]]:
    try:
        content = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader, by either name
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        _fail(file, mark.line + 1 if mark else 1, "not YAML")
    entries = content.get("dataset") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        _fail(file, 1, "a list called `dataset` is missing")
    for number, raw in enumerate(entries):
        model = StoreMap if isinstance(raw, dict) and "rights" in raw else PlainDataset
        location: Location = ("dataset", number)
        try:
            dataset = model.model_validate(raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            name = ".".join(str(step) for step in first["loc"])
            _refuse(file, text, (*location, *first["loc"]), f"{name}: {first['msg']}")
        yield location, dataset


def _refuse(file: Path, text: bytes, location: Sequence[int | str], reason: str) -> NoReturn:
    _fail(file, _line(text, location), reason)


def _fail(file: Path, line: int, reason: str) -> NoReturn:
    msg = f"{file.name}:{line}: {reason}"
    raise DataMapError(msg) from None


def _line(text: bytes, location: Sequence[int | str]) -> int:
    """The line of the deepest node on the way to `location` that is there."""
    node: Any = yaml.compose(text, Loader=_LOADER)
    line: int = node.start_mark.line + 1
    for step in location:
        found = None
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = (node.value[step], node.value[step])
        elif isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == step), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line
