"""The server of a program that plays somebody: TLS for the mall, and a plain one by which a test speaks to it.

Such a program starts often, so this needs the standard library only.
"""

import json
import ssl
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from local.processes import LOOPBACK

MAX_BODY = 1 << 20


class Call(NamedTuple):
    """What came in; the names of `headers` are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = tuple[int, bytes, dict[str, str]]
"""Status, body, headers."""
Answering = Callable[[Call], Answer]


def read_settings() -> dict[str, Any]:
    """What the program was started with."""
    found: dict[str, Any] = json.loads(sys.argv[1])
    return found


def serve(told: dict[str, Any], answer: Answering, control: Answering) -> None:
    """Serve until ended: `answer` on `port`, under the `certificate` and its `key`, and `control` on the port of it."""
    controlled = ThreadingHTTPServer((LOOPBACK, told["control"]), _handler(control))
    server = ThreadingHTTPServer((LOOPBACK, told["port"]), _handler(answer))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(told["certificate"], told["key"])
    # The handshake is each connection's own: one that dawdles must not keep the door shut.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    for one in (server, controlled):
        one.daemon_threads = True
    threading.Thread(target=controlled.serve_forever, args=(0.2,), daemon=True).start()
    server.serve_forever(0.2)


def _handler(answer: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 30

        def do_GET(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY)
            fields = {name.lower(): value for name, value in self.headers.items()}
            status, body, headers = answer(Call(self.command, self.path, fields, self.rfile.read(length)))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_DELETE = do_GET  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Nothing: what a person asked for is nobody's business here."""

    return Handler
