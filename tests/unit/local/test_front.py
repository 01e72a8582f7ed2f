import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from local.front import Front, Pages
from local.operators import Reply

MESSAGE = {"channel": "sms", "to": "+85512", "subject": "", "text": "<b>123 456</b>", "sent_at": "2026-01-01T00:00:00Z"}
PAGES = Pages(lambda: [MESSAGE], lambda: {"ministack": "ok", "postgres": "ok"}, {"people": lambda: [{"name": "សុខា"}]})


class Upstream(BaseHTTPRequestHandler):
    """An API that answers with what it was asked."""

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        said = self.rfile.read(length).decode()
        body = f"{self.command} {self.path} {self.headers['Host']} {said}{self.headers.get('Cookie', '')}".encode()
        self.send_response(303)
        self.send_header("Location", "/there")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def front() -> Iterator[Front]:
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever, args=(0.05,), daemon=True).start()
    front = Front(0, PAGES)
    front.serve_api(f"http://127.0.0.1:{upstream.server_address[1]}/restapis/x/local/_user_request_")
    yield front
    front.close()
    upstream.shutdown()
    upstream.server_close()


def test_a_clean_url_reaches_the_api_with_its_body_and_host(front: Front) -> None:
    answer = httpx.post(f"{front.url}/requests?lang=km", content="hello")
    assert answer.text == f"POST /restapis/x/local/_user_request_/requests?lang=km 127.0.0.1:{front.port} hello"


def test_redirects_and_every_cookie_come_through(front: Front) -> None:
    answer = httpx.get(f"{front.url}/")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/there"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_the_cookies_of_one_caller_are_sent_with_no_other_call(front: Front) -> None:
    httpx.get(f"{front.url}/")
    assert httpx.get(f"{front.url}/").text.endswith(f"127.0.0.1:{front.port} ")
    assert httpx.get(f"{front.url}/", headers={"Cookie": "c=3"}).text.endswith(" c=3")


def test_a_sign_in_page_answers_below_its_path_and_only_to_this_machine() -> None:
    asked: list[tuple[str, str, bytes]] = []

    def sign_in(method: str, target: str, body: bytes) -> Reply:
        asked.append((method, target, body))
        return Reply(302, (("Location", "/ops/signed-in"),))

    pages = Pages(list, dict, {"operators": lambda: [{"name": "sophea"}]}, sign_in)
    front = Front(0, pages)
    try:
        target = "/_local/hosted-ui/login?x=1"
        answer = httpx.post(front.url + target, content="operator=sophea")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/ops/signed-in")
        assert asked == [("POST", target, b"operator=sophea")]
        assert httpx.get(f"{front.url}/_local/operators").json() == [{"name": "sophea"}]
        refused = httpx.post(front.url + target, content="x", headers={"Host": "evil.example"})
        assert refused.status_code == 403
        assert len(asked) == 1
    finally:
        front.close()


def test_the_mailbox_is_json_for_programs(front: Front) -> None:
    assert httpx.get(f"{front.url}/_local/mailbox").json() == [MESSAGE]


def test_the_mailbox_is_a_page_for_people_and_escapes_what_was_sent(front: Front) -> None:
    answer = httpx.get(f"{front.url}/_local/mailbox", headers={"Accept": "text/html,*/*"})
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "&lt;b&gt;123 456&lt;/b&gt;" in answer.text


def test_the_sample_people_keep_their_script(front: Front) -> None:
    assert httpx.get(f"{front.url}/_local/people").json() == [{"name": "សុខា"}]


def test_another_name_for_this_machine_opens_nothing_local(front: Front) -> None:
    answer = httpx.get(f"{front.url}/_local/mailbox", headers={"Host": "evil.example"})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forbidden"


def test_time_cannot_be_moved_without_the_setting(front: Front) -> None:
    answer = httpx.post(f"{front.url}/_local/clock", json={"advance": "P5D"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "clock_off")


def test_unknown_local_pages_are_not_handed_to_the_api(front: Front) -> None:
    assert httpx.get(f"{front.url}/_local/nothing").status_code == 404


def test_before_the_api_is_there_the_front_says_so() -> None:
    front = Front(0, PAGES)
    try:
        answer = httpx.get(f"{front.url}/")
    finally:
        front.close()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
