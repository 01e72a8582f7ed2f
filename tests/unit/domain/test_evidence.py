import pytest

from rights.domain.evidence import (
    FIRST_BYTES,
    MOST_BYTES,
    Refusal,
    takes_evidence,
    why_refused,
)
from rights.domain.status import FINAL, Status

PDF = "application/pdf"


@pytest.mark.parametrize(("said", "first"), FIRST_BYTES.items())
def test_a_file_that_is_what_it_is_said_to_be_is_kept(said: str, first: bytes) -> None:
    content = first + b"the rest"
    assert why_refused(said, content, len(content)) is None


@pytest.mark.parametrize("content", [b"<html><script>", b"%PDF", b" %PDF-1.7", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_something_else_is_refused(content: bytes) -> None:
    assert why_refused(PDF, content, len(content)) is Refusal.WRONG_TYPE


def test_a_page_or_a_drawing_with_scripts_is_never_kept() -> None:
    for said in ("text/html", "image/svg+xml", ""):
        assert why_refused(said, b"%PDF-1.7", 8) is Refusal.WRONG_TYPE


def test_an_empty_file_is_refused_as_empty_and_a_large_one_as_too_large() -> None:
    assert why_refused(PDF, b"", 0) is Refusal.EMPTY
    assert why_refused(PDF, b"%PDF-", MOST_BYTES) is None
    assert why_refused(PDF, b"%PDF-", MOST_BYTES + 1) is Refusal.TOO_LARGE


def test_evidence_is_taken_from_the_proof_of_the_contact_until_the_decision() -> None:
    taking = {status for status in Status if takes_evidence(status)}
    assert taking == {Status.VERIFIED, Status.CONFIRM_NEEDED, Status.IN_REVIEW, Status.QUESTION}
    assert not taking & FINAL
