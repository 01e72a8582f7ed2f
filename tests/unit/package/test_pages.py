"""The pages of a package: to be read offline, by anybody, in their language, and true of the records."""

import json
import posixpath
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

import pytest

from rights.datamap import load_data_map
from rights.domain.rights import Locale, Right
from rights.domain.work import Counts
from rights.notices.i18n import HTML_LANG
from rights.packages.readable import record_of
from rights.packages.store_pages import INLINE, ON_ONE_PAGE
from rights.packages.words import in_words, readable
from tests.unit.package.exports import Memory, a_request, a_task, data_map, exported, made, opened, volumes
from tests.unit.stores import maps

THINGS = maps.collection("things", maps.field("thing_id", primary_key=True), maps.field("name"), maps.field("owner"))
STORES = data_map(THINGS)
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)>" onload="x & </dd></dl>'


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br", "img", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} closes something else"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def headings(self) -> list[int]:
        return [int(tag[1]) for tag, _ in self.tags if re.fullmatch("h[1-6]", tag)]

    @property
    def links(self) -> list[str]:
        return [str(attrs["href"]) for attrs in self.all("a")]


def things(*records: dict[str, Any], **request: Any) -> dict[str, bytes]:
    parts = Memory({"shop/things/000000.jsonl": list(records)})
    return made(parts, [exported(things=len(records))], STORES, a_request(Right.ACCESS, **request))


def page(files: dict[str, bytes], name: str = "pages/shop.html") -> Page:
    return Page(files[name].decode())


def everything(locale: Locale = Locale.EN, right: Right = Right.PORTABILITY) -> dict[str, bytes]:
    """A package with a record in every collection of the real data map; the field names are the map's own."""
    stores = load_data_map()
    pages, tasks = {}, []
    for store in stores.stores:
        counts = {}
        for collection in store.collections:
            fields = {field.name: f"value of {field.name}" for field in collection.fields if not field.rights.secret}
            pages[f"{store.fides_key}/{collection.name}/000000.jsonl"] = [fields] * (INLINE + 1)
            counts[collection.name] = Counts(found=INLINE + 1, exported=INLINE + 1).to_dict()
        tasks.append(a_task(store=store.fides_key, by_collection=counts))
    return made(Memory(pages), tasks, stores, a_request(right, locale=locale))


@pytest.mark.parametrize("locale", Locale)
def test_every_page_is_whole_by_itself_and_reads_well(locale: Locale) -> None:
    files = everything(locale)
    pages = {name: Page(content.decode()) for name, content in files.items() if name.endswith(".html")}
    assert len(pages) > 20
    for name, one in pages.items():
        assert one.open == [], name
        assert one.all("html")[0]["lang"] == HTML_LANG[locale]
        assert one.headings.count(1) == 1, name
        assert one.headings[0] == 1
        assert all(later <= earlier + 1 for earlier, later in zip(one.headings, one.headings[1:], strict=False)), name
        assert len(one.all("main")) == len(one.all("header")) == len(one.all("footer")) == 1
        assert {"script", "img", "link", "iframe", "form", "object"}.isdisjoint(tag for tag, _ in one.tags), name
        assert all({"style", "onload", "onclick", "src"}.isdisjoint(attrs) for _, attrs in one.tags), name
        assert "default-src 'none'" in str([attrs.get("content") for attrs in one.all("meta")])
        assert not re.search(r"https?:|@import", files[name].decode()), name
        assert "url(" not in files[name].decode()
        ids = [attrs["id"] for _, attrs in one.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), name
        assert all(attrs.get("scope") for attrs in one.all("th")), name
        assert len(one.all("table")) == len(one.all("caption"))


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
def test_every_link_leads_to_something_in_the_same_zip(right: Right) -> None:
    files = everything(right=right)
    pages = {name: Page(content.decode()) for name, content in files.items() if name.endswith(".html")}
    reached = set()
    for name, one in pages.items():
        for link in one.links:
            path, _, fragment = link.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(path))) if path else name
            assert target in files, (name, link)
            reached.add(target)
            if fragment:
                assert any(attrs.get("id") == unquote(fragment) for _, attrs in pages[target].tags), (name, link)
    assert {name for name in files if not name.endswith((".html", "manifest.json", "schema.json"))} <= reached
    assert set(pages) <= reached | {"index.html"}


@pytest.mark.parametrize("locale", [Locale.KM, Locale.ZH])
def test_what_the_sample_map_names_is_said_in_the_persons_language(locale: Locale) -> None:
    files = everything(locale)
    for name in (name for name in files if name.endswith(".html")):
        text = re.sub(r"<style>.*?</style>|value of \w+", "", files[name].decode(), flags=re.DOTALL)
        text = re.sub(r'<small lang="en">.*?</small>', "", text)
        assert 'lang="en"' not in text.replace('<span lang="en">Tinh Tinh Mall</span>', ""), name
        words = re.sub(r"<[^>]*>", " ", text)
        known = {"Tinh", "Mall", "JSON", "CSV", "IP", "SHA", "data", "schema", "json", "manifest", "doctype", "html"}
        # Names of controllers, and a reference.
        known |= {"Cambodia", "Post", "E", "Solutions", "Payment", "provider", "NYAM", "EVVH"}
        assert set(re.findall(r"[A-Za-z]+", words)) <= known, name


def test_a_store_page_says_all_that_has_to_be_told() -> None:
    stores = load_data_map()
    task = a_task(store="orders", by_collection={"consignees": Counts().to_dict(), "payments": Counts().to_dict()})
    words = page(made(Memory({}), [task], stores, a_request(Right.ACCESS)), "pages/orders.html").words
    for told in ("To provide what you use", "The contract with you", "Cambodia Post E-Solutions", "10 years",
                 "You gave it to us", "Tinh Tinh Mall", "Cambodia", "contact details", "The payment provider",
                 "the law requires business records to be kept"):  # fmt: skip
        assert told in words, told


def test_the_index_tells_the_persons_rights_how_to_complain_and_what_profiles_there_are() -> None:
    words = page(everything(right=Right.ACCESS), "index.html").words
    for told in ("have wrong data corrected", "stop the use of your data", "to the authority or to a court",
                 "These records make a profile of you", "Your searches", "NYAM-EVVH"):  # fmt: skip
        assert told in words, told
    assert "None of these records is marked" in page(things({"thing_id": 1}), "index.html").words


def test_nothing_that_somebody_wrote_becomes_part_of_a_page() -> None:
    files = things({"thing_id": HOSTILE, "name": [HOSTILE, {HOSTILE: HOSTILE}], HOSTILE: "x"})
    one = page(files)
    assert one.open == []
    assert {"script", "img"}.isdisjoint(tag for tag, _ in one.tags)
    assert not any(key.startswith("on") for _, attrs in one.tags for key in attrs)
    assert one.words.count("<script>alert(1)</script>") >= 4


def test_values_are_put_in_words() -> None:
    words = page(
        things(
            {
                "thing_id": 12345678901234567890123,
                "name": None,
                "owner": "***",
                "yes": True,
                "day": "2026-02-03",
                "at": "2026-11-20T18:30:00Z",
                "no_day": "2026-02-30",
                "code": "2026-1",
                "list": [1, "b"],
                "inner": {"city": "ភ្នំពេញ", "deep": {"x": 1}},
                "two": "one\ntwo",
            }
        )
    ).words
    for told in ("12345678901234567890123", "nothing", "*** (belongs to somebody else)", "yes", "3 February 2026",
                 "21 November 2026, 01:30", "2026-02-30", "2026-1", "ភ្នំពេញ", "one\ntwo", "Thing id"):  # fmt: skip
        assert told in words, told


def test_numbers_are_read_exactly() -> None:
    line = b'{"a":123456789012345678901234567890,"b":0.1,"c":18446744073709551616}'
    assert record_of(line) == json.loads(line)
    assert record_of(b'{"a":"\\ud800"}') == {"a": "\ud800"}


def test_a_long_collection_is_paged_with_a_way_forth_and_back() -> None:
    records = [{"thing_id": n} for n in range(2 * ON_ONE_PAGE + 1)]
    parts = Memory({"shop/things/000000.jsonl": records[:700], "shop/things/000001.jsonl": records[700:]})
    files = made(parts, [exported(things=len(records))], STORES, a_request(Right.ACCESS))
    names = [f"pages/shop/things_{number}.html" for number in (1, 2, 3)]
    assert [name for name in sorted(files) if name.startswith("pages/shop/")] == names
    shown = [page(files, name) for name in names]
    assert [len(one.all("article")) for one in shown] == [ON_ONE_PAGE, ON_ONE_PAGE, 1]
    assert "Record 1001" in shown[2].words
    hrefs = [[link for link in one.links if "things_" in link] for one in shown]
    assert [len(links) for links in hrefs] == [2, 4, 2]
    assert all(f"../../{names[1]}" in links for links in (hrefs[0], hrefs[2]))
    assert page(files).all("article") == []


def test_records_are_counted_on_from_volume_to_volume_and_a_file_in_another_one_is_said_to_be_there() -> None:
    pages: dict[str, Any] = {
        f"shop/things/{n:06d}.jsonl": [{"thing_id": n, "files": [{"path": f"files/{n:06d}-00.txt", "size": 60_000}]}]
        for n in range(2)
    }
    files = {f"shop/things/files/{n:06d}-00.txt": bytes(60_000) for n in range(2)}
    found = [opened(one) for one in volumes(Memory(pages, files), [exported(things=2)], STORES, capacity=70_000)]
    assert len(found) == 2
    first = page(found[0])
    assert [link for link in first.links if "files" in link] == ["../data/shop/things/files/000000-00.txt"]
    assert "in another volume of this package" in first.words
    index = page(found[1], "index.html").words
    assert "2 of 2" in index
    assert "tinh-tinh-NYAM-EVVH-1-of-2.zip" in index


def test_what_was_left_out_is_named_with_its_ground() -> None:
    task = replace(exported(things=0), withheld={"calls": 4})
    words = page(made(Memory({}), [task], STORES, a_request(Right.ACCESS)), "index.html").words
    assert "Shop: Calls: not handed over." in words
    assert "(ground 4 of clause 1(6).3" in words


def test_a_file_that_is_gone_is_told_and_leads_nowhere() -> None:
    one = page(things({"thing_id": 1, "files": [{"gone": True}]}))
    assert "This file was deleted before it could be handed over." in one.words
    assert not any("files" in link for link in one.links)


@pytest.mark.parametrize(
    ("period", "words"), [("P10Y", "10 years"), ("P1Y", "1 year"), ("P24M", "24 months"), ("P1Y6M", "1 year 6 months")]
)
def test_a_term_is_said_as_people_say_it(period: str, words: str) -> None:
    assert in_words(period, Locale.EN) == words


def test_a_name_nobody_has_words_for_is_made_readable() -> None:
    assert readable("last_seen_at") == "Last seen at"
