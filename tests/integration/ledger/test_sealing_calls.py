"""How often a request's seals cost a call of KMS: once to make its key, once in each process to open it."""

from typing import Any

import pytest

from rights.errors import SealError
from rights.sealing import Sealer
from tests.support.moto import client


class Counting:
    """KMS, and how often it was called."""

    def __init__(self, kms: Any) -> None:
        self._kms = kms
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("exc"):
            self.calls.append(name)
        return getattr(self._kms, name)


@pytest.fixture
def kms(aws: None) -> Counting:
    return Counting(client("kms"))


@pytest.fixture
def key(kms: Counting) -> str:
    made = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.calls.clear()
    return str(made)


def test_a_process_opens_what_it_sealed_itself_without_a_call(kms: Counting, key: str) -> None:
    sealer = Sealer(kms, key)
    for number in range(5):
        assert sealer.open("R1", sealer.seal("R1", {"n": number})) == {"n": number}
    assert kms.calls == ["generate_data_key"]


def test_a_process_seals_under_the_key_that_it_opened(kms: Counting, key: str) -> None:
    sealed = Sealer(kms, key).seal("R1", "first")
    other = Sealer(kms, key)
    assert other.open("R1", sealed) == "first"
    again = other.seal("R1", "second")
    assert kms.calls == ["generate_data_key", "decrypt"]
    assert Sealer(kms, key).open("R1", again) == "second"


def test_no_request_is_sealed_under_the_key_of_another(kms: Counting, key: str) -> None:
    sealer = Sealer(kms, key)
    mine = sealer.seal("R1", "mine")
    with pytest.raises(SealError):
        sealer.open("R2", mine)
    theirs = sealer.seal("R2", "theirs")
    assert kms.calls.count("generate_data_key") == 2
    with pytest.raises(SealError):
        sealer.open("R1", theirs)
    with pytest.raises(SealError):
        Sealer(kms, key).open("R2", mine)
