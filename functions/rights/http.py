"""What both doors share: the one error shape, reading of bodies, cookies and languages, and the security headers."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from rights.domain.rights import Locale
from rights.errors import (
    IdempotencyConflictError,
    IllegalTransitionError,
    NotReadyError,
    RetryableError,
    UnknownRequestError,
)
from rights.http_problems import FIELD_PROBLEMS, PROBLEMS
from rights.notices.i18n import HTML_LANG, say
from rights.telemetry import logger

MAX_BODY = 32 * 1024
MOST_FIELDS = 50
"""Of a form."""
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_A_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}|[0-9]{1,2}")

SECURITY_HEADERS: dict[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Cache-Control": "no-store",
}
"""`same-origin`, not `no-referrer`: with the latter browsers send `Origin: null` on our own forms."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: a stable code, and the values its words need (never what was typed)."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    def words(self, locale: Locale) -> str:
        """What the person should do about it."""
        return say(locale, FIELD_PROBLEMS[self.code], **self.values)


class ApiError(Exception):
    """An answer that is an error: its code decides status and words (`http_problems.PROBLEMS`)."""

    def __init__(
        self,
        code: str,
        *,
        fields: Mapping[str, FieldProblem] | None = None,
        headers: Mapping[str, str] | None = None,
        text: str | None = None,
    ) -> None:
        """`text` says it better than the words of the code where more is known, such as when to come back."""
        super().__init__(code)
        self.code = code
        self.text = text
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The HTTP status."""
        return PROBLEMS[self.code].status

    def words(self, locale: Locale) -> str:
        """What happened, or what to do, in the person's language."""
        if len(self.fields) == 1:
            return next(iter(self.fields.values())).words(locale)
        return say(locale, self.text or PROBLEMS[self.code].message)

    def body(self, locale: Locale) -> dict[str, Any]:
        """The one error shape."""
        error: dict[str, Any] = {"code": self.code, "message": self.words(locale)}
        if self.fields:
            error["fields"] = {
                name: {"code": p.code, "message": p.words(locale), **p.values} for name, p in self.fields.items()
            }
        return {"error": error}


def not_valid(fields: Mapping[str, FieldProblem]) -> ApiError:
    """The error for bad fields: the code of the only one, or `invalid_request` for several."""
    codes = {problem.code for problem in fields.values()}
    named = {_shown_name(name): problem for name, problem in fields.items()}
    return ApiError(codes.pop() if len(codes) == 1 else "invalid_request", fields=named)


def _shown_name(name: str) -> str:
    """A field's name as far as it looks like one: whoever types into a name gets none of it back."""
    parts = name.split(".")
    kept = list(takewhile(_A_NAME.fullmatch, parts))
    return ".".join(kept) or "body"


def is_whole(text: str) -> bool:
    """Tell whether a text has no half of a surrogate pair, which JSON can spell and no answer can be encoded with."""
    return _HALF_A_CHARACTER.search(text) is None


def respond(
    status: int | HTTPStatus,
    body: str,
    content_type: str,
    *,
    headers: Mapping[str, str] | None = None,
    cookies: Iterable[str] = (),
) -> Response[Any]:
    """A response with the security headers; what is passed in goes before them.

    Half a character, as an address may have brought it, is shown as one that is not known: no answer dies of it.
    """
    merged: dict[str, str | list[str]] = {
        **SECURITY_HEADERS,
        "Vary": "Accept, Accept-Language, Cookie",
        **(headers or {}),
    }
    if made := list(cookies):
        merged["Set-Cookie"] = made
    return Response(
        status_code=int(status), content_type=content_type, body=_HALF_A_CHARACTER.sub("\ufffd", body), headers=merged
    )


def respond_json(
    status: int | HTTPStatus, body: object, *, headers: Mapping[str, str] | None = None, cookies: Iterable[str] = ()
) -> Response[Any]:
    """A JSON response."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return respond(status, text, "application/json", headers=headers, cookies=cookies)


def respond_error(error: ApiError, locale: Locale) -> Response[Any]:
    """An error as JSON."""
    headers = {"Content-Language": HTML_LANG[locale], **error.headers}
    return respond_json(error.status, error.body(locale), headers=headers)


def wants_html(event: APIGatewayProxyEvent) -> bool:
    """True if the caller would rather have a page than JSON (`Accept`); JSON where it does not care."""
    ranks = dict(_ranked(event.headers.get("accept", "")))
    return ranks.get("text/html", 0.0) > ranks.get("application/json", 0.0)


def locale_of(event: APIGatewayProxyEvent, *, said: object = None, stored: Locale | None = None) -> Locale | None:
    """The caller's language: what the body or `?lang` says, the cookie, the request's own, then `Accept-Language`."""
    query = (event.query_string_parameters or {}).get("lang")
    for wish in (said, query, cookies_of(event).get("lang")):
        if isinstance(wish, str) and wish in tuple(Locale):
            return Locale(wish)
    if stored is not None:
        return stored
    for tag, _ in sorted(_ranked(event.headers.get("accept-language", "")), key=lambda pair: -pair[1]):
        if tag.split("-")[0] in tuple(Locale):
            return Locale(tag.split("-")[0])
    return None


def cookies_of(event: APIGatewayProxyEvent) -> dict[str, str]:
    """The cookies of a call; of one name sent twice the first, which has the longer path."""
    found: dict[str, str] = {}
    for line in (event.multi_value_headers or {}).get("cookie") or [event.headers.get("cookie", "")]:
        for pair in line.split(";"):
            name, _, value = pair.strip().partition("=")
            found.setdefault(name, value)
    return found


def bearer_of(event: APIGatewayProxyEvent) -> str | None:
    """The bearer token of the `Authorization` header."""
    scheme, _, token = event.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def refuse_foreign_forms(event: APIGatewayProxyEvent, base_url: str) -> None:
    """Refuse a change that another site makes a browser send. Who sends neither header is no browser."""
    site = event.headers.get("sec-fetch-site")
    origin = event.headers.get("origin")
    parts = urlsplit(base_url)
    foreign = site not in {"same-origin", "none"} if site else origin not in {None, f"{parts.scheme}://{parts.netloc}"}
    if foreign:
        code = "foreign_origin"
        raise ApiError(code)


def read_body(event: APIGatewayProxyEvent, *, most_fields: int = MOST_FIELDS) -> tuple[dict[str, Any], bool]:
    """The fields of a body, and whether it was a form; ApiError for a type, size or shape that cannot be read."""
    sort = event.headers.get("content-type", "").partition(";")[0].strip().lower()
    raw = event.body or ""
    if len(raw) > MAX_BODY * 4 // 3 + 4:
        raise ApiError("too_large")
    try:
        text = event.decoded_body or ""
    except ValueError as error:
        raise ApiError("malformed_body") from error
    if len(text.encode(errors="surrogatepass")) > MAX_BODY:
        raise ApiError("too_large")
    if not is_whole(text):
        raise ApiError("malformed_body")
    if not sort and not text:
        return {}, False
    if sort == "application/x-www-form-urlencoded":
        return _form(text, most_fields), True
    if sort == "application/json" or sort.endswith("+json"):
        return _json(text), False
    raise ApiError("unsupported_media_type")


def _form(text: str, most_fields: int) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=most_fields
        )
    except ValueError as error:
        raise ApiError("malformed_body") from error
    if len({name for name, _ in pairs}) != len(pairs):
        raise ApiError("malformed_body")
    return dict(pairs)


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_constant) if text else {}
        # As text again, where halves that are spelled as escapes are what they mean.
        whole = is_whole(json.dumps(value, ensure_ascii=False))
    except (ValueError, RecursionError) as error:
        raise ApiError("malformed_body") from error
    if not isinstance(value, dict) or not whole:
        raise ApiError("malformed_body")
    return value


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        msg = "a name occurs twice"
        raise ValueError(msg)
    return dict(pairs)


def _no_constant(_: str) -> None:
    msg = "NaN and Infinity are not JSON"
    raise ValueError(msg)


def _ranked(header: str) -> Iterable[tuple[str, float]]:
    for part in header.split(","):
        name, _, parameters = part.strip().lower().partition(";")
        quality = parameters.partition("q=")[2].partition(";")[0].strip() or "1"
        try:
            yield name.strip(), float(quality)
        except ValueError:
            continue


_ANSWERS: tuple[tuple[type[Exception], str], ...] = (
    (UnknownRequestError, "not_found"),
    (IllegalTransitionError, "too_late"),
    (IdempotencyConflictError, "idempotency_key_reused"),
    (NotReadyError, "not_ready"),
    (RetryableError, "try_again"),
)


def as_api_error(error: Exception) -> ApiError:
    """What an error of ours means to a caller; anything unforeseen is an `internal` one, and logged."""
    if isinstance(error, ApiError):
        return error
    for sort, code in _ANSWERS:
        if isinstance(error, sort):
            return ApiError(code)
    logger.exception("unforeseen error", extra={"error": type(error).__name__})
    return ApiError("internal")
