"""How operators sign in and stay signed in, and who does not get in: the code flow, sessions, tokens, forgeries."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from rights.clock import parse
from rights.ledger import Ledger
from rights.ledger.sessions import IDLE, LONGEST
from rights.secrets_hmac import Hmac
from tests.integration.doors.conftest import BASE_URL, PHONE, POOL, Door, Person, Reply, desk_of, operator_door
from tests.support.clock import StoppedClock
from tests.support.moto import client
from tests.support.pool import CLIENT_ID, Domain, packed, serving

HOST = {"Sec-Fetch-Site": "same-origin"}
SESSION, SIGNING_IN = "__Host-operator", "__Host-signing-in"


@dataclass
class Browser:
    """A browser at the console: it keeps cookies, and brings them along."""

    door: Door
    domain: Domain
    cookies: dict[str, str]

    def get(self, path: str, **headers: str) -> Reply:
        return self._took(self.door("GET", path, html=True, cookies=self.cookies, headers=headers))

    def json(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        return self.door(method, path, json_body=body, cookies=self.cookies, headers=headers)

    def post(self, path: str, form: dict[str, str], **headers: str) -> Reply:
        return self._took(self.door("POST", path, form=form, html=True, cookies=self.cookies, headers=headers))

    def goes_to_sign_in(self, path: str = "/ops/sign-in") -> str:
        """The address of the pool's page that it is sent to."""
        reply = self.get(path)
        assert reply.status == 303, reply.text
        return reply.header("Location")

    def signs_in(self, name: str = "op-1", *groups: str, **claims: Any) -> Reply:
        back = self.domain.sign_in(self.goes_to_sign_in(), name, *(groups or ("operator",)), **claims)
        return self.comes_back(back)

    def comes_back(self, back: dict[str, str]) -> Reply:
        return self.get(f"/ops/signed-in?{urlencode(back)}")

    @property
    def me(self) -> dict[str, Any]:
        return self.json("GET", "/ops/me").json

    def _took(self, reply: Reply) -> Reply:
        for line in reply.headers.get("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies = {**self.cookies, name: value} if "Max-Age=0" not in line else without(self.cookies, name)
        return reply


def without(cookies: dict[str, str], name: str) -> dict[str, str]:
    return {one: value for one, value in cookies.items() if one != name}


@pytest.fixture
def domain(clock: StoppedClock) -> Iterator[Domain]:
    with serving(POOL, clock) as one:
        yield one


@pytest.fixture
def browser(ledger: Ledger, clock: StoppedClock, domain: Domain) -> Browser:
    return Browser(Door(desk_of(ledger, clock, hosted_ui=domain.url)), domain, {})


# ---- the way in


def test_who_is_not_signed_in_is_sent_to_the_pools_page_and_a_program_is_told(browser: Browser) -> None:
    reply = browser.get("/ops/requests?status=in_review")
    assert reply.status == 303
    to = urlsplit(reply.header("Location"))
    assert to.geturl().startswith(f"{BASE_URL}/ops/sign-in?next=")
    assert dict(parse_qsl(to.query)) == {"next": "/ops/requests?status=in_review"}
    refused = browser.json("GET", "/ops/requests")
    assert (refused.status, refused.code, refused.header("WWW-Authenticate")) == (401, "sign_in_needed", "Bearer")
    assert browser.json("POST", "/ops/holds", {}).status == 401


def test_the_sign_in_is_a_code_flow_with_state_nonce_and_pkce(browser: Browser) -> None:
    address = urlsplit(browser.goes_to_sign_in())
    query = dict(parse_qsl(address.query))
    assert address.path == "/oauth2/authorize"
    assert (query["response_type"], query["client_id"], query["code_challenge_method"]) == ("code", CLIENT_ID, "S256")
    assert query["redirect_uri"] == f"{BASE_URL}/ops/signed-in"
    assert len(query["code_challenge"]) == 43
    other = dict(parse_qsl(urlsplit(browser.goes_to_sign_in()).query))
    assert not {query[name] for name in ("state", "nonce", "code_challenge")} & set(other.values())


def test_the_cookies_are_ours_alone_and_the_session_never_comes_along_from_another_site(browser: Browser) -> None:
    began = browser.get("/ops/sign-in")
    [cookie] = began.headers["Set-Cookie"]
    assert cookie.startswith(f"{SIGNING_IN}=")
    assert "; Path=/; HttpOnly; Secure; SameSite=Lax" in cookie
    done = browser.comes_back(browser.domain.sign_in(began.header("Location"), "op-1", "operator"))
    opened, cleared = done.headers["Set-Cookie"]
    assert opened.startswith(f"{SESSION}=")
    assert opened.endswith("; Path=/; HttpOnly; Secure; SameSite=Strict")
    assert cleared.startswith(f"{SIGNING_IN}=;")
    assert "Max-Age=0" in cleared


def test_whoever_signed_in_arrives_where_they_wanted_to_go_by_a_page_of_ours(browser: Browser) -> None:
    back = browser.domain.sign_in(browser.goes_to_sign_in("/ops/sign-in?next=/ops/stores"), "op-1", "operator")
    reply = browser.comes_back(back)
    assert reply.status == 200, "a redirect would not bring a strict cookie along"
    assert f"{BASE_URL}/ops/stores" in reply.text
    assert browser.me | {"session": None} == {
        "operator": "op-1",
        "name": "op-1",
        "groups": ["operator"],
        "may_change": True,
        "is_approver": False,
        "session": None,
    }


@pytest.mark.parametrize(
    "wished",
    [
        *("https://evil.example", "//evil.example", "/requests", "/opsy", "/ops/%0d%0aX: y", ""),
        *("/ops/../../evil", "/ops/..", "/ops/x/../../../evil?a"),
    ],
)
def test_nobody_is_sent_anywhere_else_after_the_sign_in(browser: Browser, wished: str) -> None:
    address = browser.goes_to_sign_in(f"/ops/sign-in?next={wished}")
    reply = browser.comes_back(browser.domain.sign_in(address, "op-1", "operator"))
    assert f'href="{BASE_URL}/ops"' in reply.text
    assert "evil" not in reply.text


def test_a_code_is_good_once_and_only_in_the_browser_that_began(browser: Browser, ledger: Ledger) -> None:
    back = browser.domain.sign_in(browser.goes_to_sign_in(), "op-1", "operator")
    thief = Browser(browser.door, browser.domain, {})
    assert thief.comes_back(back).status == 400
    thief.goes_to_sign_in()
    assert thief.comes_back(back).status == 400
    assert not browser.domain.codes.get("used")
    kept = dict(browser.cookies)
    assert browser.comes_back(back).status == 200
    browser.cookies = kept
    assert browser.comes_back(back).status == 400, "the pool takes a code once"


@pytest.mark.parametrize("part", range(4))
def test_a_state_that_was_changed_is_none(browser: Browser, part: int) -> None:
    back = browser.domain.sign_in(browser.goes_to_sign_in(), "op-1", "operator")
    parts = back["state"].split(".")
    other = ("B" if parts[part].startswith("A") else "A") + parts[part][1:]
    parts[part] = {1: "9999999999", 2: packed(b"https://evil.example")}.get(part, other)
    assert browser.comes_back(back | {"state": ".".join(parts)}).status == 400
    assert SESSION not in browser.cookies
    assert back["code"] in browser.domain.codes, "nobody asked the pool"


@pytest.mark.parametrize(
    "query", ["", "code=x", "state=a.b.c.d&code=x", "error=access_denied&state=x", "code=x&state="]
)
def test_a_sign_in_that_nobody_began_leads_nowhere(browser: Browser, query: str) -> None:
    browser.goes_to_sign_in()
    assert browser.get(f"/ops/signed-in?{query}").status == 400
    assert not browser.domain.asked


def test_a_sign_in_that_took_too_long_begins_again(browser: Browser, clock: StoppedClock) -> None:
    back = browser.domain.sign_in(browser.goes_to_sign_in(), "op-1", "operator")
    clock.advance(seconds=601)
    assert browser.comes_back(back).status == 400


def test_a_token_for_another_sign_in_is_none_of_ours(browser: Browser) -> None:
    assert browser.signs_in("op-1", "operator", nonce="another").status == 400
    assert browser.signs_in("op-1", "operator", aud="another").status == 400
    assert SESSION not in browser.cookies


def test_somebody_without_a_role_gets_no_session(browser: Browser, ledger: Ledger) -> None:
    assert browser.signs_in("op-1", "lead").status == 403
    assert SESSION not in browser.cookies


UNVERIFIED = [
    ({"phone_number": None}, "no verified phone number. Ask"),
    ({"phone_number_verified": None}, "no verified phone number. Ask"),
    ({"phone_number_verified": False}, "no verified phone number. Ask"),
    ({"phone_number_verified": "false"}, "no verified phone number. Ask"),
    ({"email": ""}, "no verified email address. Ask"),
    ({"email_verified": None}, "no verified email address. Ask"),
    ({"phone_number": None, "email_verified": False}, "no verified phone number and email address. Ask"),
]


@pytest.mark.parametrize(("claims", "words"), UNVERIFIED)
def test_whose_own_requests_we_could_not_tell_is_not_let_in_and_reads_what_is_missing(
    browser: Browser, ledger: Ledger, clock: StoppedClock, claims: dict[str, Any], words: str
) -> None:
    reply = browser.signs_in("op-1", "operator", **claims)
    assert (reply.status, SESSION in browser.cookies) == (403, False)
    assert words in reply.text
    door = operator_door(ledger, clock, "op-1", "operator", **claims)
    refused = door("GET", "/ops/requests")
    assert (refused.status, refused.code) == (403, "contact_unverified")
    assert words in refused.json["error"]["message"]


def test_a_pool_that_does_not_answer_is_told_and_the_next_try_works(browser: Browser) -> None:
    browser.domain.broken = True
    assert browser.signs_in().status == 503
    browser.domain.broken = False
    assert browser.signs_in().status == 200


# ---- the session


def test_a_session_is_kept_only_as_a_hash_and_holds_no_contact(browser: Browser, ledger: Ledger) -> None:
    browser.signs_in("op-1", "operator", phone_number=PHONE, email="op@mall.example")
    items = json.dumps(client("dynamodb").scan(TableName=ledger.table.name)["Items"], default=str)
    assert "SESSION#" in items
    for secret in (browser.cookies[SESSION], PHONE, "op@mall.example"):
        assert secret not in items


def test_a_session_ends_when_nothing_is_done_and_at_the_latest_after_a_working_day(
    browser: Browser, clock: StoppedClock
) -> None:
    browser.signs_in()
    ends = parse(browser.me["session"]["ends_at"])
    assert abs(ends - clock() - LONGEST) < timedelta(seconds=1)
    while clock() + IDLE < ends:
        clock.advance(seconds=(IDLE - timedelta(minutes=1)).total_seconds())
        assert browser.json("GET", "/ops/me").status == 200
    clock.advance(seconds=(ends - clock()).total_seconds())
    assert browser.json("GET", "/ops/me").status == 401
    browser.signs_in()
    clock.advance(seconds=IDLE.total_seconds())
    assert browser.json("GET", "/ops/me").status == 401


def test_what_a_page_fetches_by_itself_keeps_no_session_awake_and_is_told_when_it_has_ended(
    browser: Browser, clock: StoppedClock
) -> None:
    browser.signs_in()
    clock.advance(minutes=25)
    assert browser.get("/ops?part=live").status == 200
    clock.advance(minutes=5)
    over = browser.get("/ops?part=live")
    assert (over.status, "Location" in over.headers) == (401, False), "a script cannot follow to the pool's page"
    assert browser.get("/ops").status == 303


def test_signing_out_ends_the_session_here_and_at_the_pool(browser: Browser) -> None:
    browser.signs_in()
    kept = dict(browser.cookies)
    reply = browser.post("/ops/sign-out", {"csrf": csrf_of(browser)}, **HOST)
    # Not by a redirect: what a form is redirected to has to be this site (`form-action`), and the pool is another.
    assert reply.status == 200
    [address] = re.findall(r'<a [^>]*href="([^"]+)"', reply.text)
    to = urlsplit(unescape(address))
    assert to.path == "/logout"
    assert dict(parse_qsl(to.query)) == {"client_id": CLIENT_ID, "logout_uri": f"{BASE_URL}/ops/signed-out"}
    assert SESSION not in browser.cookies
    browser.cookies = kept
    assert browser.json("GET", "/ops/me").status == 401
    assert browser.get("/ops/signed-out").status == 200


def test_a_viewer_may_sign_out_and_without_the_word_of_the_page_nobody_signs_another_out(browser: Browser) -> None:
    browser.signs_in("vera", "viewer")
    assert browser.post("/ops/sign-out", {}, **HOST).status == 403
    assert browser.post("/ops/sign-out", {"csrf": csrf_of(browser)}, **HOST).status == 200


def test_a_form_that_comes_after_the_session_leads_to_the_sign_in_by_a_page(browser: Browser) -> None:
    reply = browser.post("/ops/holds", {"ground": "3"}, **HOST)
    assert (reply.status, reply.headers.get("Location")) == (200, None)
    assert f"{BASE_URL}/ops/sign-in?next=%2Fops" in reply.text


@pytest.mark.parametrize("value", ["", "x", "A" * 43, "A" * 5000])
def test_a_session_that_somebody_made_up_is_none(browser: Browser, value: str) -> None:
    browser.cookies = {SESSION: value}
    assert browser.json("GET", "/ops/me").status == 401


def test_a_link_from_a_mail_goes_through_a_page_of_ours_so_that_the_session_comes_along(browser: Browser) -> None:
    reply = browser.get("/ops/requests/ABC?x=1", **{"Sec-Fetch-Site": "cross-site"})
    assert reply.status == 200
    assert f"{BASE_URL}/ops/requests/ABC?x=1" in reply.text
    assert browser.get("/ops/requests/ABC", **HOST).status == 303, "from there it is not sent round again"


def csrf_of(browser: Browser) -> str:
    """What the pages put into their forms."""
    return Hmac(b"test secret").tag_of("operator_csrf", browser.cookies[SESSION])


# ---- forgeries


def test_a_change_by_a_cookie_needs_the_word_of_the_page_and_its_origin(browser: Browser, person: Person) -> None:
    person.asks()
    browser.signs_in()
    path, word = f"/ops/requests/{person.request_id}/pause", {"X-CSRF-Token": csrf_of(browser)}
    assert browser.json("POST", path, {}).code == "csrf_needed"
    assert browser.json("POST", path, {}, **{"X-CSRF-Token": "0" * 64}).code == "csrf_needed"
    assert browser.json("POST", path, {}, **{"X-CSRF-Token": csrf_of(browser)[:-1]}).code == "csrf_needed"
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert browser.json("POST", path, {}, **word, **headers).code == "foreign_origin"
    before = person.ledger.get(person.request_id).version
    assert browser.json("POST", path, {}, **word, **HOST).status == 200
    assert person.ledger.get(person.request_id).version == before + 1
    assert person.ledger.events(person.request_id)[-1].by == "op-1"


def test_the_word_of_one_session_is_worth_nothing_in_another(browser: Browser, person: Person) -> None:
    person.asks()
    browser.signs_in()
    mine = csrf_of(browser)
    browser.signs_in("op-2", "operator")
    path = f"/ops/requests/{person.request_id}/pause"
    assert browser.json("POST", path, {}, **{"X-CSRF-Token": mine}).code == "csrf_needed"


def test_a_form_of_another_site_changes_nothing(browser: Browser, person: Person) -> None:
    person.asks()
    browser.signs_in()
    form = {"csrf": csrf_of(browser), "reason": "clarification"}
    reply = browser.post(f"/ops/requests/{person.request_id}/pause", form, Origin="https://evil.example")
    assert reply.status == 403
    assert person.ledger.events(person.request_id)[-1].by != "op-1"


def test_who_has_a_token_needs_no_word_of_a_page(ledger: Ledger, clock: StoppedClock, person: Person) -> None:
    person.asks()
    door = operator_door(ledger, clock, "op-1", "operator")
    assert door("POST", f"/ops/requests/{person.request_id}/pause", json_body={}).status == 200


# ---- tokens


def test_a_bad_token_is_not_made_good_by_a_session(browser: Browser, clock: StoppedClock) -> None:
    browser.signs_in()
    reply = browser.door("GET", "/ops/me", cookies=browser.cookies, token="a.b.c")
    assert reply.status == 401


def test_on_a_machine_without_tls_the_cookies_have_plain_names(ledger: Ledger, clock: StoppedClock) -> None:
    door = Door(desk_of(ledger, clock, base_url="http://127.0.0.1:8000"))
    [cookie] = door("GET", "/ops/sign-in", html=True).headers["Set-Cookie"]
    assert cookie.startswith("signing-in=")
    assert "Secure" not in cookie
