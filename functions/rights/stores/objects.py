"""S3 objects: a record is one key with all of its versions; its content goes with the record into the package."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rights.datamap.model import Collection, ObjectAccess, StoreMap
from rights.domain.identity import Identifier, KeySet
from rights.domain.work import Disposition
from rights.errors import DataMapError, StoreRefusedError, StoreUnavailableError
from rights.stores.contract import Change, Cursor, ErasurePage, File, Page, Plain, Readable, Record
from rights.stores.roles import Roles, aws_error, speaking
from rights.stores.rules import Judgement, judge
from rights.stores.selection import erasure_order
from rights.stores.shape import exported_fields

_ACCOUNT = "{account_id}"
_ENDING = re.compile(r"[a-z0-9]{1,5}")
_PAGES = frozenset({"htm", "html", "mht", "mhtml", "shtml", "svg", "svgz", "xht", "xhtml", "xml"})
_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
_DELETED_AT_ONCE = 1000


def connect(store: StoreMap, roles: Roles) -> "ObjectConnector":
    """The connector of a store, under the role that its data map names."""
    return ObjectConnector(store, roles.client("s3", store.rights.role_arn), roles.fill)


@dataclass(slots=True)
class _Object:
    """A key: its versions, newest first, and the ids of its delete markers."""

    key: str
    versions: list[dict[str, Any]] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)


class ObjectConnector(Plain):
    """One bucket of the data map, as a `Connector`."""

    def __init__(self, store: StoreMap, client: Any, fill: Callable[[str], str] = str, *, page_size: int = 50) -> None:
        self._store = store
        self._client = client
        self._fill = fill
        self._page_size = page_size

    def collections(self) -> list[str]:
        """The collections, in the order of an erasure."""
        return erasure_order(self._store)

    def recognise(self, identifier: Identifier) -> bool:  # noqa: ARG002 - files carry no contacts
        """Files recognise nobody: their keys know accounts only."""
        return False

    def locate(self, keys: KeySet) -> KeySet:  # noqa: ARG002 - files lead nowhere
        """Files add no identifiers."""
        return KeySet()

    def count(self, keys: KeySet) -> Mapping[str, int]:
        """Keys per collection, whatever is left of each."""
        return {
            c.name: sum(1 for prefix in self._prefixes(c, keys) for _ in self._objects(c, prefix))
            for c in self._store.collections
        }

    def read_page(self, collection: str, keys: KeySet, after: Cursor | None) -> Page:
        """The next files: a record for each key, and the content of each of its versions."""
        described = self._store.collection(collection)
        found, following = self._page(described, keys, after)
        records = [self._record(described, thing) for thing in found]
        files = [
            File(number, _neutral_name(thing.key, place), self._opener(described, thing.key, version["VersionId"]))
            for number, thing in enumerate(found)
            for place, version in enumerate(thing.versions)
        ]
        return Page(records, following, files)

    def plan_page(self, collection: str, keys: KeySet, after: Cursor | None, today: str) -> ErasurePage:
        """What is to happen to the next keys; a rule that keeps one version keeps the key whole."""
        described = self._store.collection(collection)
        found, following = self._page(described, keys, after)
        return ErasurePage([self._change(described, thing, today) for thing in found], following)

    def plan_rows(
        self, collection: str, keys: KeySet, row_keys: Sequence[Mapping[str, Any]], today: str
    ) -> ErasurePage:
        """What is to happen to these keys."""
        described = self._store.collection(collection)
        found = self._of_keys(described, keys, (str(key["key"]) for key in row_keys))
        return ErasurePage([self._change(described, thing, today) for thing in found])

    def apply_page(self, collection: str, keys: KeySet, page: ErasurePage) -> None:
        """Delete every version and marker by its id, so that nothing is left under the key."""
        described = self._store.collection(collection)
        wanted = (change.key["key"] for change in page.doing(Disposition.ERASE))
        ids = (
            {"Key": thing.key, "VersionId": version}
            for thing in self._of_keys(described, keys, wanted)
            if not self._is_held(described, thing)
            for version in (*thing.markers, *(v["VersionId"] for v in thing.versions))
        )
        while batch := list(islice(ids, _DELETED_AT_ONCE)):
            self._delete(described, batch)

    def _of_keys(self, collection: Collection, keys: KeySet, names: Iterable[str]) -> Iterator[_Object]:
        theirs = tuple(self._prefixes(collection, keys))
        for name in names:
            # The key itself comes first among all that begin like it.
            for thing in islice(self._objects(collection, name), 1) if theirs and name.startswith(theirs) else ():
                if thing.key == name:
                    yield thing

    def _delete(self, collection: Collection, ids: list[dict[str, str]]) -> None:
        bucket = self._bucket(collection)
        with speaking():
            errors = self._client.delete_objects(Bucket=bucket, Delete={"Objects": ids, "Quiet": True}).get(
                "Errors", []
            )
        codes = {str(error.get("Code")) for error in errors} - _GONE
        if not codes:
            return
        text = f"DeleteObjects: {', '.join(sorted(codes))}"
        if codes <= {"InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout", "OperationAborted"}:
            raise StoreUnavailableError(text)
        raise StoreRefusedError(text)

    def _change(self, collection: Collection, thing: _Object, today: str) -> Change:
        judgement = self._judge(collection, thing, today)
        return Change({"key": thing.key}, judgement.disposition, judgement.kept)

    def _judge(self, collection: Collection, thing: _Object, today: str) -> Judgement:
        newest = thing.versions[0] if thing.versions else {}
        row = {"key": thing.key, "size": newest.get("Size"), "last_modified": newest.get("LastModified")}
        verdicts = [judge(collection, row, today, tags) for tags in self._tags_of_versions(collection, thing)]
        verdict = next((v for v in verdicts if v.disposition is Disposition.RETAIN), verdicts[0])
        if verdict.disposition is Disposition.ANONYMISE:
            msg = f"{self._store.fides_key}.{collection.name}: an object cannot be anonymised"
            raise DataMapError(msg)
        return verdict

    def _is_held(self, collection: Collection, thing: _Object) -> bool:
        rules = [rule for rule in collection.rights.retain_when if rule.tag]
        return any(
            tags.get(rule.tag or "") == rule.equals
            for tags in self._tags_of_versions(collection, thing)
            for rule in rules
        )

    def _tags_of_versions(self, collection: Collection, thing: _Object) -> list[dict[str, str]]:
        if not thing.versions or not any(rule.tag for rule in collection.rights.retain_when):
            return [{}]
        return [self._tags(collection, thing.key, version["VersionId"]) for version in thing.versions]

    def _tags(self, collection: Collection, key: str, version: str) -> dict[str, str]:
        answer = self._of_version(self._client.get_object_tagging, collection, key, version)
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]} if answer else {}

    def _of_version(
        self, call: Callable[..., dict[str, Any]], collection: Collection, key: str, version: str
    ) -> dict[str, Any] | None:
        """What a call answers about one version; `None` once it is gone."""
        try:
            return call(Bucket=self._bucket(collection), Key=key, VersionId=version)
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in _GONE:
                return None
            raise aws_error(error) from None

    def _record(self, collection: Collection, thing: _Object) -> Record:
        known = set(exported_fields(collection))
        record: Record = {"key": thing.key, "versions": len(thing.versions)}
        if not thing.versions:
            return record
        newest = thing.versions[0]
        record |= {"size": newest["Size"], "last_modified": newest["LastModified"].isoformat()}
        if "content_type" in known:
            record["content_type"] = self._content_type(collection, thing.key, newest["VersionId"])
        if "tags" in known:
            record["tags"] = self._tags(collection, thing.key, newest["VersionId"])
        return record

    def _content_type(self, collection: Collection, key: str, version: str) -> str:
        head = self._of_version(self._client.head_object, collection, key, version) or {}
        return str(head.get("ContentType", ""))

    def _opener(self, collection: Collection, key: str, version: str) -> Callable[[], AbstractContextManager[Readable]]:
        def open_version() -> AbstractContextManager[Readable]:
            answer = self._of_version(self._client.get_object, collection, key, version)
            if answer is None:
                raise FileNotFoundError
            return closing(answer["Body"])

        return open_version

    def _page(self, collection: Collection, keys: KeySet, after: Cursor | None) -> tuple[list[_Object], Cursor | None]:
        prefixes = list(self._prefixes(collection, keys))
        place = int(after["prefix"]) if after else 0
        if place >= len(prefixes):
            return [], None
        objects = self._objects(collection, prefixes[place], after["key"] if after else "")
        found = list(islice(objects, self._page_size + 1))
        if len(found) > self._page_size:
            found.pop()
            return found, {"prefix": place, "key": found[-1].key}
        return found, {"prefix": place + 1, "key": ""} if place + 1 < len(prefixes) else None

    def _objects(self, collection: Collection, prefix: str, after: str = "") -> Iterator[_Object]:
        """The keys under a prefix after a key, in order, each with everything there is of it."""
        current: _Object | None = None
        for version, is_marker in self._versions(collection, prefix, after):
            if current is None or version["Key"] != current.key:
                if current is not None:
                    yield current
                current = _Object(version["Key"])
            if is_marker:
                current.markers.append(version["VersionId"])
            else:
                current.versions.append(version)
        if current is not None:
            yield current

    def _versions(self, collection: Collection, prefix: str, after: str) -> Iterator[tuple[dict[str, Any], bool]]:
        place: dict[str, str] = {"KeyMarker": after} if after else {}
        while True:
            with speaking():
                answer = self._client.list_object_versions(Bucket=self._bucket(collection), Prefix=prefix, **place)
            entries = [(v, False) for v in answer.get("Versions", [])]
            entries += [(v, True) for v in answer.get("DeleteMarkers", [])]
            # S3 answers versions and markers as two lists, each by key; a key's versions come newest first.
            yield from sorted(entries, key=lambda entry: entry[0]["Key"].encode())
            if not answer.get("IsTruncated"):
                return
            place = {"KeyMarker": answer["NextKeyMarker"]}
            if version_marker := answer.get("NextVersionIdMarker"):
                place["VersionIdMarker"] = version_marker

    def _prefixes(self, collection: Collection, keys: KeySet) -> Iterator[str]:
        template = self._access(collection).prefix
        for account in keys.accounts:
            if not account or "/" in account:
                msg = "an account id that cannot be part of a key"
                raise StoreRefusedError(msg)
            yield template.replace(_ACCOUNT, account)

    def _bucket(self, collection: Collection) -> str:
        return self._fill(self._access(collection).bucket)

    def _access(self, collection: Collection) -> ObjectAccess:
        access = collection.rights.objects
        if access is None or not access.prefix.endswith(f"{_ACCOUNT}/"):
            msg = f"{self._store.fides_key}.{collection.name}: the prefix must end in {_ACCOUNT}/"
            raise DataMapError(msg)
        return access


def _neutral_name(key: str, place: int) -> str:
    """A name that tells the place among the versions and the sort of file, and nothing else.

    The file's own name is often the customer's ("passport Sok Dara.pdf") and must not become a key of our bucket; the
    record has it. What a browser would open as a page (HTML, SVG) gets an ending that it only shows as text.
    """
    _, dot, ending = key.rpartition("/")[2].lower().rpartition(".")
    ending = ending if dot and _ENDING.fullmatch(ending) else "bin"
    return f"{place:02d}.{'txt' if ending in _PAGES else ending}"
