"""Clean URLs for the REST API, and the pages under `/_local/` which exist on this machine only."""

import html
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import httpx

from local.operators import PATH as HOSTED_UI
from local.operators import Answer
from local.processes import LOOPBACK, require_free

_MAX_BODY = 10 * 1024 * 1024
# Of one connection only; and length, date and server are written anew.
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
_OWN = frozenset({"content-length", "date", "server"})
_OWN_HOSTS = frozenset({"127.0.0.1", "localhost"})
_CLOCK_OFF = "Time cannot be moved in this local cloud: the setting for it is off."


@dataclass(frozen=True)
class Pages:
    """What `/_local/` shows, as functions so that it is always current."""

    mailbox: Callable[[], list[dict[str, str]]]
    health: Callable[[], dict[str, str]]
    shown: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    """Further pages by their names, each some JSON."""
    hosted_ui: Answer | None = None


@dataclass
class _Upstream:
    client: httpx.Client
    address: str = ""


def _client() -> httpx.Client:
    """Keeps no cookies: those of one caller would be sent along with every other's calls."""
    keeps_none = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(timeout=60, limits=httpx.Limits(max_connections=50), cookies=keeps_none)


class Front:
    """The public door of the local cloud on one loopback port, served by threads of this process."""

    def __init__(self, port: int, pages: Pages) -> None:
        """Take the port, 0 for a free one; `LocalCloudError` when another program has it."""
        if port:
            require_free(port)
        self._upstream = _Upstream(_client())
        upstream = self._upstream

        class Handler(_Handler):
            api = upstream
            local_pages = pages

        self._server = ThreadingHTTPServer((LOOPBACK, port), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="front", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where people find it."""
        return f"http://{LOOPBACK}:{self.port}"

    def serve_api(self, address: str) -> None:
        """From now on, hand everything but `/_local/` to the API at this address."""
        self._upstream.address = address

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._upstream.client.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: _Upstream
    local_pages: Pages

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing: addresses may hold tokens."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MAX_BODY:
            self.close_connection = True
            self._json(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _error("too_large", "The request is too large."))
            return
        body = self.rfile.read(length) if length else b""
        if urlsplit(self.path).path.startswith("/_local/"):
            self._local(body)
        else:
            self._proxy(body)

    def _proxy(self, body: bytes) -> None:
        if not self.api.address:
            self._json(HTTPStatus.SERVICE_UNAVAILABLE, _error("unavailable", "The local cloud is still starting."))
            return
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP | _OWN]
        headers.append(("X-Forwarded-For", self.client_address[0]))
        try:
            answer = self.api.client.request(self.command, self.api.address + self.path, headers=headers, content=body)
        except httpx.TransportError:
            self._json(HTTPStatus.BAD_GATEWAY, _error("unavailable", "The local cloud does not answer."))
            return
        # Undone: the client library has already unpacked the content.
        undone = _HOP_BY_HOP | _OWN | {"content-encoding"}
        self._send(
            answer.status_code,
            [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in undone],
            answer.content,
        )

    def _local(self, body: bytes) -> None:
        # Another site's page must not read codes through a name that it points at this machine.
        if (urlsplit(f"//{self.headers.get('Host', '')}").hostname or "") not in _OWN_HOSTS:
            self._json(HTTPStatus.FORBIDDEN, _error("forbidden", "Only for this machine."))
            return
        match self.command, urlsplit(self.path).path:
            case "GET", "/_local/mailbox" if "text/html" in self.headers.get("Accept", ""):
                self._send(
                    HTTPStatus.OK, [("Content-Type", "text/html; charset=utf-8")], _mailbox_page(self.local_pages)
                )
            case "GET", "/_local/mailbox":
                self._json(HTTPStatus.OK, self.local_pages.mailbox())
            case "GET", "/_local/health":
                health = self.local_pages.health()
                well = all(state == "ok" for state in health.values())
                self._json(HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE, health)
            case method, path if path.startswith(HOSTED_UI) and self.local_pages.hosted_ui:
                reply = self.local_pages.hosted_ui(method, self.path, body)
                self._send(reply.status, reply.headers, reply.body)
            case "GET", path if show := self.local_pages.shown.get(path.removeprefix("/_local/")):
                self._json(HTTPStatus.OK, show())
            case "POST", "/_local/clock":
                self._json(HTTPStatus.CONFLICT, _error("clock_off", _CLOCK_OFF))
            case _:
                self._json(HTTPStatus.NOT_FOUND, _error("not_found", "There is no such page."))

    def _json(self, status: int, content: object) -> None:
        body = json.dumps(content, ensure_ascii=False, indent=1).encode()
        self._send(status, [("Content-Type", "application/json; charset=utf-8")], body)

    def _send(self, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _error(code: str, message: str) -> Mapping[str, Mapping[str, str]]:
    return {"error": {"code": code, "message": message}}


def _mailbox_page(pages: Pages) -> bytes:
    rows = "".join(
        f"<li><p><b>{html.escape(message['to'])}</b> · {html.escape(message['channel'])} · "
        f"<time>{html.escape(message['sent_at'])}</time></p><h2>{html.escape(message['subject'])}</h2>"
        f"<pre>{html.escape(message['text'])}</pre></li>"
        for message in pages.mailbox()
    )
    style = (
        "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
        "ol{list-style:none;padding:0}li{border-top:1px solid #999}h2{font-size:1rem;margin:0}pre{white-space:pre-wrap}"
    )
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Mailbox</title><style>{style}</style>'
    return f"{head}<h1>Messages sent in this local cloud</h1><ol>{rows or '<li>None yet.</li>'}</ol></html>".encode()
