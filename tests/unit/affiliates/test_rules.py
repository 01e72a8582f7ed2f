"""What an affiliate's word is worth: the register, the brake, the words of OpenDSR, the pauses of a callback."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from rights.affiliates.addresses import address_of
from rights.affiliates.registry import load_registry
from rights.domain.affiliates import (
    CALLBACK_TRIES,
    LONGEST_PAUSE,
    OFFERED,
    WORD_SUFFICES,
    Admission,
    Proof,
    Stand,
    admission,
    pause_after,
    stand_of,
)
from rights.domain.review import Findings, Reason, may_lack_authority, reason_to_review
from rights.domain.rights import Requester, Right
from rights.domain.status import FINAL, TRANSITIONS, Status
from rights.errors import DataMapError

ORDER = [Stand.PENDING, Stand.IN_PROGRESS]


def test_what_an_affiliate_is_told_never_goes_back_and_ends_with_the_request() -> None:
    for status, following in TRANSITIONS.items():
        for then in following:
            before, after = stand_of(status), stand_of(then)
            assert after not in ORDER or ORDER.index(before) <= ORDER.index(after)
            assert (after in {Stand.COMPLETED, Stand.CANCELLED}) is (then in FINAL)


def test_whether_everything_could_be_done_is_told_to_the_person_alone() -> None:
    assert stand_of(Status.COMPLETED) is stand_of(Status.COMPLETED_IN_PART) is Stand.COMPLETED
    ends = {Status.REFUSED, Status.WITHDRAWN, Status.EXPIRED}
    assert {stand_of(status) for status in ends} == {Stand.CANCELLED}


@pytest.mark.parametrize(
    ("number", "becomes"),
    [(1, Admission.FREE), (5, Admission.FREE), (6, Admission.BRAKED), (9, Admission.BRAKED), (10, Admission.REFUSED)],
)
def test_beyond_the_ceiling_somebody_looks_and_beyond_the_most_nothing_is_taken(
    number: int, becomes: Admission
) -> None:
    assert admission(number, ceiling=5, most=9) is becomes


def test_a_braked_request_is_looked_at_but_an_opt_out_never_is() -> None:
    braked = Findings(is_braked=True)
    assert reason_to_review(Right.ACCESS, Requester.SELF, braked) is Reason.AFFILIATE_CEILING
    assert reason_to_review(Right.RESTRICTION, Requester.SELF, braked) is Reason.AFFILIATE_CEILING
    assert reason_to_review(Right.MARKETING_OPT_OUT, Requester.SELF, braked) is None
    assert reason_to_review(Right.ACCESS, Requester.SELF, Findings()) is None
    assert may_lack_authority(Requester.SELF, Reason.AFFILIATE_CEILING), "a flood may be nobody's wish"


def test_a_callback_is_tried_for_two_days_with_growing_pauses_and_then_given_up() -> None:
    pauses = [pause_after(tries, timedelta(minutes=1)) for tries in range(1, CALLBACK_TRIES)]
    known = [pause for pause in pauses if pause is not None]
    assert len(known) == CALLBACK_TRIES - 1
    assert known == sorted(known)
    assert max(known) == LONGEST_PAUSE
    assert timedelta(days=1) < sum(known, timedelta()) < timedelta(days=3)
    assert pause_after(CALLBACK_TRIES, timedelta(minutes=1)) is None


def test_the_packaged_register_is_whole() -> None:
    for affiliate in load_registry().values():
        assert affiliate.rights.keys() <= OFFERED
        assert all(affiliate.rights[right] is Proof.ASSERTED for right in WORD_SUFFICES & affiliate.rights.keys())


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(**changes: object) -> Path:
        one = {"id": "cpes", "name": "C", "rights": {"access": "confirm"}, "ceiling": 1, "most": 2}
        file = tmp_path / "registry.yaml"
        file.write_text(yaml.safe_dump({"affiliates": [one | changes]}))
        return file

    return write


@pytest.mark.parametrize(
    "changes",
    [
        {"rights": {"correction": "confirm"}},
        {"rights": {"complaint": "asserted"}},
        {"rights": {"restriction": "confirm"}},
        {"rights": {}},
        {"ceiling": 3},
        {"callback_hosts": ["127.0.0.1"]},
        {"callback_hosts": ["localhost"]},
        {"callback_hosts": ["UPPER.example"]},
        {"id": "a/b"},
        {"unknown": 1},
    ],
)
def test_a_register_that_says_too_much_is_refused(written: Callable[..., Path], changes: dict[str, object]) -> None:
    assert load_registry(written())["cpes"].most == 2
    with pytest.raises(DataMapError, match=r"registry\.yaml"):
        load_registry(written(**changes))


def test_a_contract_may_let_an_affiliates_word_suffice_for_more(written: Callable[..., Path]) -> None:
    assert load_registry(written(rights={"deletion": "asserted"}))["cpes"].rights == {Right.DELETION: Proof.ASSERTED}


def test_two_affiliates_of_one_id_are_refused(tmp_path: Path) -> None:
    one = {"id": "cpes", "name": "C", "rights": {"access": "confirm"}, "ceiling": 1, "most": 2}
    (tmp_path / "registry.yaml").write_text(yaml.safe_dump({"affiliates": [one, one]}))
    with pytest.raises(DataMapError, match="two affiliates"):
        load_registry(tmp_path / "registry.yaml")


@pytest.mark.parametrize(
    "url",
    [
        "http://rights.cpes.mall.example/",
        "https://rights.cpes.mall.example:8443/",
        "https://user@rights.cpes.mall.example/",
        "https://rights.cpes.mall.example\\@evil.example/",
        "https://rights.cpes.mall.example:no/",
        "https:///nowhere",
        "https://rights.cpes.mall.example/a b",
        "https://rights.cpes.mall.example/\r\nX: y",
        "https://[::1/",
        "//rights.cpes.mall.example/",
        "",
    ],
)
def test_only_a_plain_https_address_is_one(url: str) -> None:
    assert address_of(url) is None


def test_an_address_is_a_host_and_a_path() -> None:
    assert address_of("https://Rights.CPES.mall.example:443/a?b=c") == ("rights.cpes.mall.example", "/a?b=c")
    assert address_of("https://rights.cpes.mall.example") == ("rights.cpes.mall.example", "/")
