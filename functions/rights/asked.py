"""What somebody asks for, as every door that takes requests in reads it: strict about names, lenient about numbers."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from rights.domain.acting import ForWhom, Relation, may_act_as
from rights.domain.rights import SCOPED, Channel, Locale, Purpose, Requester, Right
from rights.ledger import NewRequest
from rights.phones import email_address, phone_number, plain

LONGEST_MESSAGE = 2000
LONGEST_VALUE = 300
EARLIEST_BIRTH = date(1900, 1, 1)
MOST_NAMES = 40

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


def problem(code: str) -> PydanticCustomError:
    """A field problem under its code (`http_problems.FIELD_PROBLEMS`)."""
    return PydanticCustomError(code, "{code}", {"code": code})


class Body(BaseModel):
    """A body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Contacts(Body):
    """A phone (kept in E.164), an email (kept in lower case), or both."""

    phone: str | None = Field(default=None, max_length=40)
    email: str | None = Field(default=None, max_length=254)

    @field_validator("phone")
    @classmethod
    def _phone(cls, typed: str | None) -> str | None:
        return None if typed is None or not typed.strip() else phone_in(typed)

    @field_validator("email")
    @classmethod
    def _email(cls, typed: str | None) -> str | None:
        return None if typed is None or not typed.strip() else email_in(typed)

    def typed(self) -> dict[str, str]:
        """The contacts that were given, by kind."""
        return {kind: value for kind, value in (("phone", self.phone), ("email", self.email)) if value}


class Identifiers(Contacts):
    """How the person is known to the mall."""

    @model_validator(mode="after")
    def _at_least_one(self) -> "Identifiers":
        if not self.typed():
            raise problem("identifier_missing")
        return self


class RequesterIn(Contacts):
    """Who asks. A guardian or agent says who they are, as what they act, for whom, and gives a contact of their own."""

    kind: Requester = Field(default=Requester.SELF, strict=False)
    name: str = Field(default="", max_length=120)
    relation: Relation | None = Field(default=None, strict=False)
    for_whom: ForWhom | None = Field(default=None, alias="for", strict=False)

    @field_validator("name")
    @classmethod
    def _one_line(cls, typed: str) -> str:
        return one_line(typed)

    @model_validator(mode="after")
    def _whole(self) -> "RequesterIn":
        if self.kind is Requester.SELF:
            if self.acting():
                raise problem("requester_not_needed")
            return self
        if not self.name:
            raise problem("requester_name_missing")
        if self.for_whom is None:
            raise problem("requester_for_missing")
        if self.relation is None or not may_act_as(self.kind, self.relation):
            raise problem("requester_relation_missing")
        if not self.typed():
            raise problem("requester_contact_missing")
        return self

    def acting(self) -> dict[str, str]:
        """What is kept, sealed, of somebody who acts for another."""
        told = {"name": self.name, "relation": self.relation, "for": self.for_whom, **self.typed()}
        return {name: str(value) for name, value in told.items() if value}


class ChangeIn(Body):
    """One field to correct: the value it shall have, and the one the person saw, if they say so."""

    to: str = Field(min_length=1, max_length=LONGEST_VALUE)
    was: str | None = Field(default=None, alias="from", max_length=LONGEST_VALUE)


class RequestIn(Body):
    """The body of `POST /requests`: one right, or several under `rights`, and what each needs to be understood."""

    rights: tuple[Right, ...] = Field(min_length=1, max_length=len(Right), strict=False)
    identifiers: Identifiers
    requester: RequesterIn = RequesterIn()
    scope: tuple[Name, ...] = Field(default=(), max_length=MOST_NAMES, strict=False)
    changes: dict[Name, ChangeIn] = Field(default={}, max_length=MOST_NAMES)
    purposes: tuple[Annotated[Purpose, Field(strict=False)], ...] = Field(
        default=(), max_length=len(Purpose), strict=False
    )
    message: str = Field(default="", max_length=LONGEST_MESSAGE)
    locale: Locale | None = Field(default=None, strict=False)
    jurisdiction: str = Field(default="KH", pattern=r"^[A-Z]{2}(-[A-Z]{2})?$")

    @field_validator("rights", mode="before")
    @classmethod
    def _known(cls, rights: object) -> object:
        if not rights or rights == [""]:
            raise problem("right_missing")
        if not isinstance(rights, list) or any(right not in tuple(Right) for right in rights):
            raise problem("unknown_right")
        if len(set(rights)) != len(rights):
            raise problem("right_twice")
        return [Right(right) for right in rights]

    @field_validator("locale", mode="before")
    @classmethod
    def _language(cls, locale: object) -> object:
        if locale is not None and locale not in tuple(Locale):
            raise problem("language_not_offered")
        return locale

    @field_validator("changes")
    @classmethod
    def _readable(cls, changes: dict[str, ChangeIn]) -> dict[str, ChangeIn]:
        return {subject: _in_our_form(subject, change) for subject, change in changes.items()}

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> "RequestIn":
        needs = (
            (Right.CORRECTION, bool(self.changes), "changes_missing", "changes_not_needed"),
            (Right.CONSENT_WITHDRAWAL, bool(self.purposes), "purposes_missing", "purposes_not_needed"),
        )
        for right, is_given, missing, not_needed in needs:
            if right in self.rights and not is_given:
                raise problem(missing)
            if right not in self.rights and is_given:
                raise problem(not_needed)
        if Right.COMPLAINT in self.rights and not self.message.strip():
            raise problem("message_missing")
        if self.scope and SCOPED.isdisjoint(self.rights):
            raise problem("scope_not_needed")
        return self

    def as_new(self, channel: Channel, locale: Locale) -> NewRequest:
        """The same for the ledger, `locale` where the body names none."""
        return NewRequest(
            right=self.rights[0],
            also=self.rights[1:],
            channel=channel,
            locale=self.locale or locale,
            typed=self.identifiers.typed(),
            requester=self.requester.kind,
            acting=self.requester.acting(),
            jurisdiction=self.jurisdiction,
            scope=tuple(sorted(set(self.scope))),
            purposes=tuple(sorted(set(self.purposes))),
            changes={s: change.model_dump(by_alias=True, exclude_none=True) for s, change in self.changes.items()},
            message=self.message,
        )


def phone_in(typed: str) -> str:
    """A phone number in E.164."""
    if (number := phone_number(typed)) is None:
        raise problem("phone_not_valid")
    return number


def email_in(typed: str) -> str:
    """An email address in lower case."""
    if (address := email_address(typed)) is None:
        raise problem("email_not_valid")
    return address


def one_line(typed: str) -> str:
    """A text of one line, without characters that cannot be seen."""
    text = " ".join(typed.split())
    if not text.isprintable():
        raise problem("wrong_type")
    return text


def _in_our_form(subject: str, change: ChangeIn) -> ChangeIn:
    """The new value as the stores keep such values; the old one as it was seen."""
    new = one_line(change.to)
    match subject:
        case "phone" | "contact_phone":
            new = phone_in(new)
        case "email":
            new = email_in(new)
        case "birth_date":
            new = _birth_date(new)
        case "language" if new not in tuple(Locale):
            raise problem("language_not_offered")
    if not new:
        raise problem("wrong_type")
    return change.model_copy(update={"to": new})


def _birth_date(typed: str) -> str:
    """A day of birth in ISO 8601, with the digits of any script."""
    try:
        born = date.fromisoformat(plain(typed))
    except ValueError:
        raise problem("date_not_valid") from None
    # A day to spare either way is no harm.
    if not EARLIEST_BIRTH <= born <= date.today():  # noqa: DTZ011
        raise problem("date_not_valid")
    return born.isoformat()
