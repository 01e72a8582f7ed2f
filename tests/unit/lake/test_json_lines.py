import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rights.domain.identity import Kind
from rights.domain.work import Disposition
from rights.lake.files import FileSource
from rights.lake.jsonl import JsonLines
from rights.lake.model import BrokenFileError, Column, Treatment, Wanted
from tests.unit.lake.files import ERASE, json_file, line, lines_found, lines_rewritten, wanting

EMAIL = Column(("email",), Kind.EMAIL)
NESTED = Column(("user", "account_id"), Kind.ACCOUNT)


def test_only_the_lines_of_the_people_go_and_the_others_stay_byte_for_byte(tmp_path: Path) -> None:
    lines = [
        line(account_id="acc-1", n=1),
        b'{"n":  1.10,   "account_id" : "acc-2"}\r\n',
        b'{"account_id":"acc-1","text":"\xe1\x9e\x80"}\n',
        b'{"account_id": "acc-11"}\n',
        b"\n",
        b'{"account_id": null}',
    ]
    content, tally = lines_rewritten(json_file(tmp_path, lines), wanting("acc-1"))
    assert content == lines[1] + lines[3] + lines[4] + lines[5]
    assert (tally.rows, tally.erased, tally.owners) == (6, 2, {0: [2, 0, 0]})


@pytest.mark.parametrize(
    "hidden",
    [
        rb'{"account_id": "acc-\u0031"}',
        rb'{"account\u005fid": "acc-1"}',
        rb'{"\u0061ccount_id":"acc-1"}',
        b'{"account_id"\t:\t"acc-1"}',
        b'{"account_id": "other", "account_id": "acc-1"}',
        b'{"account_id": "acc-1", "account_id": "other"}',
        b'{"a": {"account_id": "x"}, "account_id": "acc-1"}',
    ],
)
def test_no_way_of_writing_it_hides_a_person(tmp_path: Path, hidden: bytes) -> None:
    stays = line(account_id="other")
    content, tally = lines_rewritten(json_file(tmp_path, [stays, hidden + b"\n", stays]), wanting("acc-1"))
    assert content == stays * 2
    assert tally.erased == 1


@pytest.mark.parametrize(
    "alike",
    [
        b'{"account_id": "acc-10"}',
        b'{"account_id": "ACC-1"}',
        b'{"seller": {"account_id": "acc-1"}, "account_id": "other"}',
        b'{"text": "\\"account_id\\": \\"acc-1\\"", "account_id": "other"}',
        b'{"note": "acc-1", "account_id": "other"}',
        b'{"xaccount_id": "acc-1"}',
        b'{"account_id": ["acc-1"]}',
    ],
)
def test_what_only_looks_like_a_person_stays(tmp_path: Path, alike: bytes) -> None:
    content, tally = lines_rewritten(json_file(tmp_path, [alike + b"\n"]), wanting("acc-1"))
    assert content == alike + b"\n"
    assert tally.found == 0


def test_a_slash_that_is_escaped_and_a_number_are_found(tmp_path: Path) -> None:
    path = json_file(tmp_path, [b'{"account_id": "a\\/1"}\n', b'{"account_id": 12}\n', b'{"account_id": 123}\n'])
    assert lines_found(path, wanting("a/1", "12")).owners == {0: [1, 0, 0], 1: [1, 0, 0]}


def test_a_mail_address_is_found_in_any_case_and_other_letters_are_found_as_escapes(tmp_path: Path) -> None:
    lines = [b'{"email": "Dara@Example.COM"}\n', b'{"email": "dara@example.com.kh"}\n']
    assert lines_found(json_file(tmp_path, lines), wanting("dara@example.com", column=EMAIL)).found == 1
    khmer = [json.dumps({"account_id": "ដារា"}).encode() + b"\n", '{"account_id": "ដារា"}\n'.encode()]
    assert lines_found(json_file(tmp_path, khmer), wanting("ដារា")).found == 2


def test_a_nested_field_is_looked_for_in_its_place(tmp_path: Path) -> None:
    lines = [line(user={"account_id": "acc-1"}), line(account_id="acc-1"), line(user=None), line(user="acc-1")]
    content, _ = lines_rewritten(json_file(tmp_path, lines), wanting("acc-1", column=NESTED))
    assert content == b"".join(lines[1:])


def test_a_row_with_an_account_is_that_accounts_also_when_it_carries_anothers_phone(tmp_path: Path) -> None:
    account, phone = Column(("account_id",), Kind.ACCOUNT), Column(("phone",), Kind.PHONE)
    wanted = Wanted([phone, account])
    wanted.add(account, "acc-1", 0)
    wanted.add(phone, "+85512345678", 0)
    mine = [line(account_id="acc-1", phone="+1"), line(account_id=None, phone="+85512345678")]
    others = line(account_id="acc-2", phone="+85512345678")
    content, _ = lines_rewritten(json_file(tmp_path, [*mine, others]), wanted)
    assert content == others


def test_a_line_that_is_no_json_stays_byte_for_byte_and_is_told_when_it_carries_a_key(tmp_path: Path) -> None:
    broken = [b'{"account_id": "acc-1", "x": \n', b"\x00\xff not json\n", b'{"account_id": "acc-2"\n']
    content, tally = lines_rewritten(json_file(tmp_path, [*broken, line(account_id="acc-1")]), wanting("acc-1"))
    assert content == b"".join(broken)
    assert (tally.erased, tally.unreadable) == (1, 1)


def test_an_anonymised_line_loses_what_tells_of_the_person_and_keeps_its_manner(tmp_path: Path) -> None:
    treatment = Treatment(Disposition.ANONYMISE, {("account_id",): lambda _: None, ("ip",): lambda _: "0.0.0.0"})  # noqa: S104 - no address
    compact = b'{"account_id":"acc-1","ip":"1.2.3.4","t":"\\u1780","big":12345678901234567890123}\r\n'
    spaced = '{"account_id": "acc-1", "ip": "1.2.3.4", "t": "ក"}\n'.encode()
    path = json_file(tmp_path, [compact, spaced, line(account_id="acc-2")])
    content, tally = lines_rewritten(path, wanting("acc-1"), treatment)
    assert content.splitlines(keepends=True) == [
        b'{"account_id":null,"ip":"0.0.0.0","t":"\\u1780","big":12345678901234567890123}\r\n',
        '{"account_id": null, "ip": "0.0.0.0", "t": "ក"}\n'.encode(),
        line(account_id="acc-2"),
    ]
    assert tally.owners == {0: [0, 2, 0]}
    (tmp_path / "again.gz").write_bytes(gzip.compress(content))
    assert lines_found(tmp_path / "again.gz", wanting("acc-1"), treatment).found == 0


def test_a_gzip_file_that_ends_too_early_or_is_damaged_is_told_and_not_worked_on(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(line(account_id=f"acc-{n}", noise=hash(str(n))) for n in range(5000)))
    for content in (whole[: len(whole) // 2], whole[:-4], whole[:2000] + b"\x00" * 50 + whole[2050:]):
        (tmp_path / "in.gz").write_bytes(content)
        with pytest.raises(BrokenFileError, match="corrupt_gzip"):
            lines_found(tmp_path / "in.gz", wanting("acc-4999"))


def test_several_gzip_members_an_empty_file_and_a_plain_one_are_read(tmp_path: Path) -> None:
    mine = line(account_id="acc-1")
    (tmp_path / "members.gz").write_bytes(gzip.compress(mine) + gzip.compress(mine + mine))
    assert lines_found(tmp_path / "members.gz", wanting("acc-1")).erased == 3
    (tmp_path / "empty.gz").write_bytes(b"")
    assert lines_found(tmp_path / "empty.gz", wanting("acc-1")).rows == 0
    (tmp_path / "plain.json").write_bytes(mine + line(account_id="acc-2"))
    assert lines_rewritten(tmp_path / "plain.json", wanting("acc-1"))[0] == line(account_id="acc-2")


def test_a_find_pass_may_end_with_the_first_block_that_has_something(tmp_path: Path) -> None:
    lines = [line(account_id="acc-1", pad="x" * 1000) for _ in range(5000)]
    found = JsonLines(FileSource(json_file(tmp_path, lines))).find(wanting("acc-1"), ERASE, first_only=True)
    assert 0 < found.rows < 5000


keys = st.sampled_from(["a", "acc-1", "acc-2", "é", "x y", 'q"q', "ក", "b\\c", "1", "a/b", "A", "t\ab"])
values = st.one_of(keys, st.integers(-3, 3), st.none(), st.text(max_size=4), st.lists(keys, max_size=2))


@given(st.lists(st.tuples(values, values, st.booleans(), st.booleans()), max_size=30), st.sets(keys, max_size=5))
def test_the_same_lines_go_as_when_every_line_is_parsed(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, object, bool, bool]], people: set[str]
) -> None:
    lines = [
        json.dumps(
            {"other": other, "account_id": account}, ensure_ascii=escaped, separators=(",", ":") if tight else None
        ).encode() + b"\n"
        for account, other, escaped, tight in rows
    ]  # fmt: skip
    wanted = wanting(*sorted(people))
    content, _ = lines_rewritten(json_file(tmp_path_factory.mktemp("p"), lines), wanted)
    expected = [text for text in lines if str(json.loads(text)["account_id"]) not in people]
    assert content == b"".join(expected)
