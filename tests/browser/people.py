"""Somebody at the pages with a phone: what they use is found by fields and addresses, alike in every language."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page

from local.cloud import Cloud
from local.mailbox import Message
from tests.workflow.waiting import eventually

CODE = re.compile(r"\b(\d{6})\b")
CONTINUE = "#ask > button[type=submit]"
"""The button that a form is for: beside it there are those of the languages, and those that change an answer."""
ID = re.compile(r"/requests/([0-9A-Z]{26})")


def nothing(_: Page, __: str) -> None:
    """What is done with a page that nobody looks at."""


def fits(page: Page) -> bool:
    """True without sideways scrolling."""
    # A locator waits for the page to be there: right after a form was sent the document may still be empty.
    return bool(page.locator("html").evaluate("page => page.scrollWidth <= page.clientWidth"))


@dataclass
class Somebody:
    """One person with a browser and a phone; `look` is shown each page they come to, with a name for it."""

    page: Page
    cloud: Cloud
    phone: str
    look: Callable[[Page, str], None] = nothing
    used: set[Message] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.used |= set(self.cloud.mailbox.sent_to(self.phone))

    @property
    def request_id(self) -> str:
        """The request whose page this is."""
        found = ID.search(self.page.url)
        assert found, self.page.url
        return found[1]

    def sees(self, name: str) -> None:
        """Look at the page one has come to."""
        self.look(self.page, name)

    def chooses(self, right: str) -> None:
        """From the first page to the second."""
        self.page.goto("/")
        self.sees("start")
        self.page.click(f"label[for=right-{right}]")
        self.page.click(CONTINUE)
        self.sees(f"details-{right}")

    def sends(self) -> None:
        """From the second page, filled in, to the status page."""
        self.page.click(CONTINUE)
        self.sees("check")
        self.page.click(CONTINUE)
        self.page.wait_for_url(ID)
        self.sees("code")

    def asks(self, right: str = "access", **fields: str) -> "Somebody":
        """The whole form; `fields` by id, beside the phone."""
        self.chooses(right)
        for name, value in {"phone": self.phone, **fields}.items():
            self.page.fill(f"#{name}", value)
        self.sends()
        return self

    def gets_code(self) -> str:
        """The code that comes to the phone, once."""

        def new() -> Message | None:
            fresh = [m for m in self.cloud.mailbox.sent_to(self.phone) if m not in self.used and CODE.search(m.text)]
            return fresh[0] if fresh else None

        message = eventually(new, "code")
        self.used.add(message)
        found = CODE.search(message.text)
        return found[1] if found else ""

    def enters(self, code: str) -> None:
        """Type a code in, as people do."""
        self.page.fill("#code", f"{code[:3]} {code[3:]}")
        self.page.click("form.code button[type=submit]")

    def proves(self) -> "Somebody":
        """Enter the code that comes."""
        self.enters(self.gets_code())
        self.page.wait_for_selector(".flash")
        self.sees("proven")
        return self

    def checks_again_until(self, selector: str) -> None:
        """Load the status page until something is on it."""
        path = f"/requests/{self.request_id}"

        def there() -> bool:
            self.page.goto(path)
            return self.page.locator(selector).count() > 0

        eventually(there, selector)
