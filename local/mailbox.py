"""The SMS and mails that were sent in the local cloud, as MiniStack captured them."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

_WATCH_SECONDS = 0.5
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Message:
    """One sent message."""

    channel: str
    to: str
    subject: str
    text: str
    sent_at: str

    def as_json(self) -> dict[str, str]:
        """The message as `/_local/mailbox` shows it."""
        return asdict(self)


class Mailbox:
    """All messages of one local cloud.

    MiniStack keeps no time for an SMS: it gets the time at which this first saw it, so `watch` looks every half second.
    """

    def __init__(self, endpoint: str) -> None:
        self._http = httpx.Client(base_url=endpoint, timeout=10)
        self._first_seen: dict[str, float] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._watcher: threading.Thread | None = None

    def messages(self) -> list[Message]:
        """Every message, newest first."""
        with self._lock:
            mails = self._http.get("/_ministack/ses/messages").json()["messages"]
            texts = self._http.get("/_ministack/sns/sms-messages").json()["sms_messages"]
            dated = [self._mail(raw) for raws in mails.values() for raw in raws]
            dated += [self._text(raw) for raws in texts.values() for raw in raws]
        # Equal times keep the order in which they were captured.
        ordered = sorted(enumerate(dated), key=lambda entry: (entry[1][0], entry[0]), reverse=True)
        return [message for _, (_, message) in ordered]

    def sent_to(self, *addresses: str | None) -> list[Message]:
        """The messages to any of these phone numbers or mail addresses, newest first."""
        return [message for message in self.messages() if message.to in addresses]

    def wait_for(self, wanted: Callable[[Message], bool], seconds: float = 30.0) -> Message:
        """The newest message that is wanted, as soon as there is one; `TimeoutError` when there is none in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for message in self.messages():
                if wanted(message):
                    return message
            time.sleep(_POLL_SECONDS)
        message_text = f"no such message was sent within {seconds:.0f} s"
        raise TimeoutError(message_text)

    def watch(self) -> None:
        """Keep looking in the background, so that the times of SMS are right."""
        self._watcher = threading.Thread(target=self._look_now_and_then, name="mailbox", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Stop looking."""
        self._stopped.set()
        if self._watcher:
            self._watcher.join()
        self._http.close()

    def _look_now_and_then(self) -> None:
        while not self._stopped.wait(_WATCH_SECONDS):
            try:
                self.messages()
            except (httpx.HTTPError, ValueError):
                continue

    def _mail(self, raw: dict[str, Any]) -> tuple[float, Message]:
        sent_at = float(raw["Timestamp"])
        return sent_at, Message("email", ", ".join(raw["To"]), raw["Subject"], raw["BodyText"], _iso(sent_at))

    def _text(self, raw: dict[str, Any]) -> tuple[float, Message]:
        sent_at = self._first_seen.setdefault(raw["MessageId"], time.time())
        return sent_at, Message("sms", raw["PhoneNumber"], raw.get("Subject") or "", raw["Message"], _iso(sent_at))


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
