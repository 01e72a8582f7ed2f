"""Reading the data map: YAML files in, one checked `DataMap` out, or an error that names file, line and reason."""

import functools
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import yaml
from pydantic import ValidationError

from rights.datamap.check import problems, scope_problems
from rights.datamap.check_fields import Location
from rights.datamap.check_whole import Datasets, whole_problems
from rights.datamap.links import turned
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


def line_of(folder: Path | None, *, store: str, collection: str = "", field: str = "") -> str:
    """Where a store, a collection of it or a field of that is described: `orders.yaml:12`; empty where nothing is."""
    for file in _files(folder or _PACKAGED):
        text = file.read_bytes()
        for number, raw in enumerate(yaml.load(text, Loader=_LOADER)["dataset"]):  # noqa: S506 - a safe loader
            if raw.get("fides_key") == store:
                location = ("dataset", number, *_location(raw, "collections", collection))
                fields = [c for c in raw["collections"] if c["name"] == collection][:1]
                location += _location(fields[0], "fields", field) if fields else ()
                return f"{file.name}:{_line(text, location)}"
    return ""


def _location(raw: dict[str, Any], part: str, name: str) -> Location:
    names = [one["name"] for one in raw.get(part) or ()]
    return (part, names.index(name)) if name in names else ()


class _Found(NamedTuple):
    """A dataset, and where it is written."""

    file: Path
    text: bytes
    location: Location
    dataset: StoreMap | PlainDataset


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")], key=lambda file: file.name)


def _read(folder: Path) -> DataMap:
    digest = hashlib.sha256()
    found: list[_Found] = []
    for file in _files(folder):
        text = file.read_bytes()
        digest.update(hashlib.sha256(file.name.encode()).digest() + hashlib.sha256(text).digest())
        found += (_Found(file, text, location, dataset) for location, dataset in _datasets(file, text))
    if not found:
        msg = "the data map has no files"
        raise DataMapError(msg)
    stores = iter(turned(one.dataset for one in found if isinstance(one.dataset, StoreMap)))
    found = [one._replace(dataset=next(stores)) if isinstance(one.dataset, StoreMap) else one for one in found]
    _check(found)
    return DataMap(
        version=digest.hexdigest(),
        stores=tuple(one.dataset for one in found if isinstance(one.dataset, StoreMap)),
        described=tuple(one.dataset for one in found if isinstance(one.dataset, PlainDataset)),
    )


def _check(found: Sequence[_Found]) -> None:
    """Refuse the first mistake: what a store says by itself comes before what it says of others."""
    datasets: Datasets = {}
    stores: list[StoreMap] = []
    for one in found:
        if one.dataset.fides_key in datasets:
            _refuse(one, ("fides_key",), "two datasets have this key")
        datasets[one.dataset.fides_key] = one.dataset
        if isinstance(one.dataset, StoreMap):
            for inner, reason in (*problems(one.dataset), *scope_problems(one.dataset, stores)):
                _refuse(one, inner, reason)
            stores.append(one.dataset)
    for one in found:
        if isinstance(one.dataset, StoreMap):
            for inner, reason in whole_problems(one.dataset, datasets):
                _refuse(one, inner, reason)


def _datasets(file: Path, text: bytes) -> Iterator[tuple[Location, StoreMap | PlainDataset]]:
    try:
        _refuse_twins(file, yaml.compose(text, Loader=_LOADER))
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
            _fail(file, _line(text, (*location, *first["loc"])), f"{name}: {first['msg']}")
        yield location, dataset


def _refuse_twins(file: Path, root: Any) -> None:
    """YAML's readers take the last of two keys of one name, and so lose the first without a word."""
    todo, seen = [root], set[int]()
    while todo:
        node = todo.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            todo += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode) and names.count(key.value) > 1:
                    twins = [k for k, _ in node.value if k.value == key.value]
                    _fail(file, twins[1].start_mark.line + 1, "a key that is there twice")
                todo.append(value)


def _refuse(one: _Found, location: Location, reason: str) -> NoReturn:
    _fail(one.file, _line(one.text, (*one.location, *location)), reason)


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
