"""Who comes in: by a session in a cookie, by a token of the operators' pool, or through the pool's sign-in page.

The sign-in is the code flow with PKCE, `state` and `nonce` (RFC 6749, 7636, 9700; OpenID Connect Core 3.1). All three
are bound to a random value in a cookie of the browser that began, so nothing is stored for whoever is not signed in
yet, and nobody can slip their own sign-in to another browser. API Gateway's Cognito authoriser lets nobody in who
has only a cookie, so this function checks tokens and cookies itself.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from operator_api.people import Operator, operator_of, refuse_unverified
from rights import http
from rights.clock import Clock
from rights.http import ApiError
from rights.ledger import Ledger
from rights.ledger.sessions import Session
from rights.pool_tokens import PoolTokens, answer_of
from rights.secrets_hmac import same

HOME = "/ops"
_NEXT = re.compile(r"/ops(?!.*\.\.)(?:[/?][A-Za-z0-9._/?=&,:+-]{0,300})?")
_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{43}")
_SIGN_IN_LASTS = 600
SCOPES = "openid email phone"
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"


@dataclass(frozen=True, slots=True)
class HostedUi:
    """The sign-in page of the pool: where it is, and as what we come to it."""

    url: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody who is signed in. A session lives in a cookie, and so needs the word that the page is ours."""

    who: Operator
    session: Session | None = None
    csrf: str = ""


class Entry:
    """The way in, and the way out."""

    def __init__(self, ledger: Ledger, tokens: PoolTokens, hosted: HostedUi, base_url: str, clock: Clock) -> None:
        self._ledger = ledger
        self._tokens = tokens
        self._hosted = hosted
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        # On the local cloud's plain http a browser would not take cookies that must travel over TLS only.
        self._over_tls = base_url.startswith("https:")

    def admitted(self, event: APIGatewayProxyEvent) -> Admitted | None:
        """Who a call is from, by its token or else by its cookie; None for nobody we know.

        ApiError `contact_unverified` for a token of somebody whose own requests we could not tell.
        """
        if event.headers.get("authorization"):
            return self._by_token(http.bearer_of(event))
        session_id = self._cookie_of(event, "operator")
        if not _SESSION_ID.fullmatch(session_id):
            return None
        session = self._ledger.session_of(session_id, in_use=not is_live(event))
        if session is None:
            return None
        who = Operator(session.by, session.groups, session.known_as, session.name)
        return Admitted(who, session, self._csrf_of(session_id))

    def _by_token(self, token: str | None) -> Admitted | None:
        claims = self._tokens.claims(token) if token else None
        if claims is None:
            return None
        refuse_unverified(claims)
        return Admitted(operator_of(claims, self._ledger.hmac.tag_of))

    def refuse_forged(self, event: APIGatewayProxyEvent, admitted: Admitted, field: object) -> None:
        """ApiError for a change that comes by a cookie and not from a page of ours: by its origin, and by its token."""
        if admitted.session is None:
            return
        http.refuse_foreign_forms(event, self._base_url)
        told = field if isinstance(field, str) else event.headers.get(CSRF_HEADER, "")
        if not same(admitted.csrf, told):
            raise ApiError("csrf_needed")

    def sign_in(self, event: APIGatewayProxyEvent) -> Response[Any]:
        """`GET /ops/sign-in`: to the pool's sign-in page, and back to `next`."""
        wished = (event.query_string_parameters or {}).get("next", HOME)
        browser, number = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        ends = str(int(self._clock().timestamp()) + _SIGN_IN_LASTS)
        told = _packed(wished if _NEXT.fullmatch(wished) else HOME)
        state = ".".join([number, ends, told, self._tag(browser, number, ends, told)])
        query = {
            "response_type": "code",
            "client_id": self._hosted.client_id,
            "redirect_uri": self._callback,
            "scope": SCOPES,
            "state": state,
            "nonce": self._nonce(browser, state),
            "code_challenge": _challenge(self._verifier(browser, state)),
            "code_challenge_method": "S256",
        }
        # Lax: the pool's page is another site, and the browser has to bring this along on its way back.
        cookie = self._cookie("signing-in", browser, f"SameSite=Lax; Max-Age={_SIGN_IN_LASTS}")
        return _see(f"{self._hosted.url}/oauth2/authorize?{urlencode(query)}", cookie)

    def signed_in(self, event: APIGatewayProxyEvent) -> tuple[str, list[str]]:
        """`GET /ops/signed-in`: where to go on, and the cookies that take one there.

        ApiError `sign_in_failed` for a sign-in that this browser did not begin, that took too long, or whose code the
        pool does not take; `forbidden` for somebody without a role, `contact_unverified` without a verified contact.
        """
        query = event.query_string_parameters or {}
        browser, state = self._cookie_of(event, "signing-in"), query.get("state", "")
        wished = self._way_back(browser, state)
        code = query.get("code", "")
        if wished is None or not code or len(code) > 2048:
            raise ApiError("sign_in_failed")
        claims = self._exchange(code, self._verifier(browser, state))
        if claims is None or not same(str(claims.get("nonce", "")), self._nonce(browser, state)):
            raise ApiError("sign_in_failed")
        who = operator_of(claims, self._ledger.hmac.tag_of)
        if not who.may_look:
            raise ApiError("forbidden")
        refuse_unverified(claims)
        session_id = secrets.token_urlsafe(32)
        self._ledger.open_session(session_id, by=who.id, name=who.name, groups=who.groups, known_as=who.known_as)
        cookies = [self._cookie("operator", session_id, "SameSite=Strict"), self._no_cookie("signing-in", "Lax")]
        return self._base_url + wished, cookies

    def sign_out(self, event: APIGatewayProxyEvent) -> Response[Any]:
        """`POST /ops/sign-out`: the session ends here, and then at the pool."""
        self._ledger.end_session(self._cookie_of(event, "operator"))
        query = {"client_id": self._hosted.client_id, "logout_uri": f"{self._base_url}/ops/signed-out"}
        return _see(f"{self._hosted.url}/logout?{urlencode(query)}", self._no_cookie("operator", "Strict"))

    def address(self, path: str, query: Mapping[str, str] | None) -> str:
        """A whole address of ours."""
        return f"{self._base_url}{path}?{urlencode(query)}" if query else self._base_url + path

    def to_sign_in(self, path: str, query: Mapping[str, str] | None) -> Response[Any]:
        """Send a browser to the sign-in, and from there to where it wanted to go."""
        wished = f"{path}?{urlencode(query)}" if query else path
        return _see(self.address("/ops/sign-in", {"next": wished if _NEXT.fullmatch(wished) else HOME}))

    @property
    def _callback(self) -> str:
        return f"{self._base_url}/ops/signed-in"

    def _exchange(self, code: str, verifier: str) -> dict[str, Any] | None:
        """The claims of the token that the pool gives for a code; None for a code that it does not take."""
        fields = {
            "grant_type": "authorization_code",
            "client_id": self._hosted.client_id,
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": verifier,
        }
        status, told = answer_of("POST", f"{self._hosted.url}/oauth2/token", fields)
        token = told.get("id_token")
        return self._tokens.claims(token) if status == HTTPStatus.OK and isinstance(token, str) else None

    def _way_back(self, browser: str, state: str) -> str | None:
        """Where a sign-in that this browser began leads; None for one that it did not begin, or too long ago."""
        parts = state.split(".")
        if not _SESSION_ID.fullmatch(browser) or len(parts) != 4 or len(state) > 1000:
            return None
        number, ends, told, tag = parts
        if not same(tag, self._tag(browser, number, ends, told)) or int(ends) <= self._clock().timestamp():
            return None
        return _unpacked(told)

    def _tag(self, *parts: str) -> str:
        return self._ledger.hmac.tag_of("operator_sign_in", *parts)

    def _verifier(self, browser: str, state: str) -> str:
        """The secret of RFC 7636: 64 characters that only this browser and we together can make."""
        return self._ledger.hmac.tag_of("operator_pkce", browser, state)

    def _nonce(self, browser: str, state: str) -> str:
        return self._ledger.hmac.tag_of("operator_nonce", browser, state)

    def _csrf_of(self, session_id: str) -> str:
        return self._ledger.hmac.tag_of("operator_csrf", session_id)

    def _cookie_of(self, event: APIGatewayProxyEvent, name: str) -> str:
        return http.cookies_of(event).get(self._named(name), "")

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self._over_tls else name

    def _cookie(self, name: str, value: str, more: str) -> str:
        secure = "Secure; " if self._over_tls else ""
        return f"{self._named(name)}={value}; Path=/; HttpOnly; {secure}{more}"

    def _no_cookie(self, name: str, site: str) -> str:
        return self._cookie(name, "", f"SameSite={site}; Max-Age=0")


def is_live(event: APIGatewayProxyEvent) -> bool:
    """True for a part of a page that its script fetches again and again, whether or not somebody is there."""
    return event.http_method == "GET" and (event.query_string_parameters or {}).get("part") == "live"


def session_json(session: Session | None) -> Mapping[str, str] | None:
    """When a session ends: at the latest, and if nothing is done."""
    return {"ends_at": session.ends_at, "idle_until": session.idle_until} if session else None


def _see(address: str, *cookies: str) -> Response[Any]:
    return http.respond(
        HTTPStatus.SEE_OTHER, "", "text/plain; charset=utf-8", headers={"Location": address}, cookies=cookies
    )


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _unpacked(text: str) -> str:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
