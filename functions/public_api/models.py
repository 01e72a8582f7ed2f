"""What the public door takes in besides requests (`rights.asked`): codes, confirmations, answers."""

import re

from pydantic import Field, field_validator, model_validator

from rights.asked import LONGEST_MESSAGE, Body, Contacts, RequestIn, problem
from rights.phones import code_digits, plain

__all__ = ["AnswerIn", "CodeIn", "ConfirmIn", "FindIn", "RequestIn"]

CODE_LENGTH = 6
REFERENCE = re.compile(r"[2-9A-HJ-NP-Z]{8}")
"""What `status_token.reference` writes, without the dash."""


class CodeIn(Body):
    """The body of `POST .../code`: the code that came, or the wish to go on with what is proven already."""

    code: str | None = Field(default=None, max_length=40)
    proceed: bool = False

    @field_validator("code")
    @classmethod
    def _six_digits(cls, typed: str | None) -> str | None:
        return code_in(typed)


class FindIn(Contacts):
    """The body of `POST /find` and `POST /find/code`: a reference, a contact, and in the end the code."""

    reference: str = Field(default="", max_length=40)
    code: str | None = Field(default=None, max_length=40)

    @field_validator("reference")
    @classmethod
    def _as_written(cls, typed: str) -> str:
        letters = re.sub(r"[\s\-\u2010-\u2015]", "", plain(typed)).upper()
        if not REFERENCE.fullmatch(letters):
            raise problem("reference_not_valid")
        return f"{letters[:4]}-{letters[4:]}"

    @field_validator("code")
    @classmethod
    def _six_digits(cls, typed: str | None) -> str | None:
        return code_in(typed)

    @model_validator(mode="after")
    def _whole(self) -> "FindIn":
        if not self.reference:
            raise problem("reference_not_valid")
        if not self.typed():
            raise problem("contact_missing")
        return self

    @property
    def contact(self) -> tuple[str, str]:
        """Where the code goes: channel and contact, the phone if both were given."""
        return next(iter(self.typed().items()))


class ConfirmIn(Body):
    """The body of `POST .../confirm`: that one agrees, or the code that came to a new contact."""

    agree: bool = False
    code: str | None = Field(default=None, max_length=40)
    resend: bool = False

    @field_validator("code")
    @classmethod
    def _six_digits(cls, typed: str | None) -> str | None:
        return code_in(typed)


class AnswerIn(Body):
    """The body of `POST .../answers`: what the person answers to the open question."""

    message: str = Field(max_length=LONGEST_MESSAGE)

    @field_validator("message")
    @classmethod
    def _said(cls, typed: str) -> str:
        if not typed.strip():
            raise problem("message_missing")
        return typed.strip()


def code_in(typed: str | None) -> str | None:
    """Six digits, however they were typed; None for nothing."""
    if typed is None or not (code := code_digits(typed)):
        return None
    if not re.fullmatch(r"[0-9]+", code):
        raise problem("code_not_digits")
    if len(code) != CODE_LENGTH:
        raise problem("code_too_short" if len(code) < CODE_LENGTH else "code_too_long")
    return code
