"""Making the rows of one person, from a random source of their own."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from local.mall import words
from local.mall.model import Person, Row
from local.mall.sign_ins import sign_in
from local.mall.visits import add_visits

_ID_BLOCK = 100_000


@dataclass(frozen=True, slots=True)
class Consignee:
    """To whom an order goes."""

    name: str
    phone: str
    address: str


class Builder:
    """Adds rows to one person; the same person and index always get the same rows.

    Ages are in days before `today`. All times lie between 01:00 and 10:00 UTC, so that a day is the same day in
    Phnom Penh as in UTC.
    """

    def __init__(self, person: Person, index: int, today: date, seed: str) -> None:
        self.person = person
        self.random = Random(f"{seed}/{index}")  # noqa: S311 - sample data, not secrets
        self.lot = Random(f"{seed}/{index}/lot")  # noqa: S311 - sample data, not secrets
        """A source of its own, so that what is drawn from it changes nothing else of the person."""
        self.trail = Random(f"{seed}/{index}/trail")  # noqa: S311 - sample data, not secrets
        """The same, for what the person leaves in the service logs."""
        self._today = today
        self._next_id = index * _ID_BLOCK
        self._taken: set[datetime] = set()
        self._device = f"dev-{self.random.getrandbits(64):016x}"
        self._ip = f"203.0.113.{self.random.randrange(1, 255)}"
        number = self.random.randrange(1, 900)
        self.home = f"{number} {self.random.choice(words.STREETS)}"
        self._province = self.random.choice(words.PROVINCES)

    def account(
        self, *, days: int, contact_phone: str | None = None, age: int | None = None, moved: int | None = None
    ) -> None:
        """Open the account `days` ago; of an adult unless an age is given; a contact was changed `moved` days ago."""
        person, lot = self.person, self.lot
        years = lot.randrange(19, 70) if age is None else age
        person.account_id = f"acc-{self.random.getrandbits(48):012x}"
        row: Row = {
            "account_id": person.account_id,
            "phone": person.phone,
            "phone_sha256": _hash("sha256", person.phone),
            "contact_phone": contact_phone or person.phone,
            "name": person.name,
            "password_hash": f"$argon2id${self.random.getrandbits(128):032x}",
            "security": {"two_step": self.random.random() < 0.3, "password_changed_at": self.iso(min(days, 200))},
            "payment_handles": [f"pay_{self.random.getrandbits(64):016x}" for _ in range(self.random.randrange(3))],
            "language": person.language,
            "birth_date": (self._today - timedelta(days=years * 366 + lot.randrange(20, 300))).isoformat(),
            "points": lot.randrange(1, 5000),
            "coupons": [f"C-{lot.getrandbits(32):08x}" for _ in range(lot.randrange(4))],
            # The last digit is never 0, which DynamoDB would not give back.
            "balance": Decimal(lot.randrange(900) * 10 + 5) / 100 if lot.random() < 0.5 else 0,
            "created_at": self.iso(days),
        }
        if person.email:
            row["email"] = person.email
            row |= {f"email_{form}": _hash(form, person.email) for form in ("sha256", "sha1", "md5")}
        if moved is not None:
            row["contact_changed_at"] = self.iso(moved)
        self._add("accounts", row)
        self._add("users", sign_in(row))

    def profile(self, *, searches: int, favourites: int = 0, cart: int = 0, word: str = "") -> None:
        """Write preferences, consents, searches, favourites and a cart."""
        pick = self.random
        tags, interests = pick.sample(words.TAGS, 3), pick.sample(words.INTERESTS, 2)
        likes = {"tags": tags, "interests": interests, "personalised": pick.random() < 0.8}
        self._profile("profile", "PROFILE", display_name=self.person.name, **likes, at=self.iso(1))
        for purpose in words.PURPOSES[: 2 + pick.randrange(4)]:
            self._profile(
                "consents", f"CONSENT#{purpose}", purpose=purpose, granted=pick.random() < 0.6, at=self.iso(30)
            )
        for _ in range(searches):
            at = self.iso(pick.randrange(1, 500))
            query = f"{word} {pick.choice(words.SEARCHES[self.person.language])}".strip()
            self._profile("search_history", f"SEARCH#{at}", query=query, results=pick.randrange(300), at=at)
        products = pick.sample(words.PRODUCTS, favourites + cart)
        for product in products[:favourites]:
            self._profile("favourites", f"FAVOURITE#{product}", product=product, at=self.iso(pick.randrange(1, 300)))
        for product in products[favourites:]:
            self._profile("cart", f"CART#{product}", product=product, quantity=pick.randrange(1, 4), at=self.iso(1))

    def _profile(self, collection: str, item: str, **attributes: object) -> None:
        self._add(collection, {"account_id": self.person.account_id, "item": item, **attributes})

    def signal(self, *, days: int, device: str | None = None) -> None:
        """Record a risk signal `days` ago."""
        at = self.iso(days)
        row = {
            "account_id": self.person.account_id,
            "item": f"SIGNAL#{at}",
            "device": device or self._device,
            "ip": self._ip,
            "signal": self.random.choice(words.SIGNALS),
            "score": self.random.randrange(100),
            "at": at,
        }
        self._add("signals", row)

    def visits(self, *, number: int, word: str = "") -> None:
        """Leave traces of so many visits in the service logs."""
        add_visits(self.person, self.trail, self._today, number, word)

    def order(self, *, days: int, to: Consignee | None = None, items: int = 0) -> str:
        """Place an order `days` ago, to oneself or to another, and pay it; returns its id."""
        pick = self.random
        placed_at = self.when(days)
        order_id = f"ord-{pick.getrandbits(56):014x}"
        total = Decimal(0)
        for _ in range(items or pick.choice((1, 1, 2, 3))):
            price, quantity = Decimal(pick.randrange(150, 20_000)) / 100, pick.randrange(1, 4)
            total += price * quantity
            row = {"order_item_id": self._id(), "order_id": order_id, "product": pick.choice(words.PRODUCTS)}
            self._add("order_items", {**row, "quantity": quantity, "unit_price": price, "placed_at": placed_at})
        person = self.person
        whom = to or Consignee(person.name, person.phone, self.home)
        row = {"consignee_id": self._id(), "order_id": order_id, "name": whom.name, "phone": whom.phone}
        self._add("consignees", {**row, "address": whom.address, "province": self._province, "placed_at": placed_at})
        method = pick.choice(("card", "card", "wallet", "cash"))
        handle = f"tok_{pick.getrandbits(64):016x}" if method == "card" else None
        row = {"payment_id": self._id(), "order_id": order_id, "method": method, "card_handle": handle}
        paid_at = placed_at + timedelta(minutes=pick.randrange(1, 50))
        self._add("payments", {**row, "amount": total, "currency": "USD", "paid_at": paid_at, "placed_at": placed_at})
        row = {"order_id": order_id, "account_id": person.account_id, "status": "delivered" if days > 10 else "shipped"}
        self._add("orders", {**row, "total": total, "currency": "USD", "placed_at": placed_at})
        return order_id

    def after_sale(self, order_id: str, *, days: int, status: str = "closed", word: str = "") -> None:
        """Open an after-sales case on an order."""
        row = {"after_sale_id": self._id(), "order_id": order_id, "account_id": self.person.account_id}
        kind = self.random.choice(("return", "exchange", "complaint"))
        self._add("after_sales", {**row, "kind": kind, "description": self._complaint(word), "status": status,
                                  "opened_at": self.when(days)})  # fmt: skip

    def ticket(self, *, days: int, status: str = "closed", word: str = "") -> None:
        """Write to customer service."""
        row = {"ticket_id": self._id(), "account_id": self.person.account_id, "customer_name": self.person.name}
        answer = words.ANSWERS[self.person.language] if status != "open" else None
        self._add("tickets", {**row, "subject": self.random.choice(("delivery", "refund", "account", "quality")),
                              "body": self._complaint(word), "answer": answer, "status": status,
                              "opened_at": self.when(days)})  # fmt: skip

    def file(self, kind: str, *, days: int, disputed: bool = False, versions: int = 1, word: str = "") -> Row:
        """Leave a recording, chat, questionnaire or evidence file with support."""
        folder, ending, content_type = _KINDS[kind]
        stamp = self.when(days).strftime("%Y%m%dT%H%M%S")
        row: Row = {
            "key": f"accounts/{self.person.account_id}/{folder}/{stamp}.{ending}",
            "content": [self._content(kind, word) for _ in range(versions)],
            "content_type": content_type,
            "tags": {"kind": kind} | ({"dispute": "open"} if disputed else {}),
        }
        self._add("files", row)
        return row

    def when(self, days: int) -> datetime:
        """A moment of that day which this person has not used yet."""
        day = self._today - timedelta(days=days)
        while True:
            clock = time(self.random.randrange(1, 10), self.random.randrange(60), self.random.randrange(60), tzinfo=UTC)
            moment = datetime.combine(day, clock)
            if moment not in self._taken:
                self._taken.add(moment)
                return moment

    def iso(self, days: int) -> str:
        """The same, as text."""
        return self.when(days).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _id(self) -> int:
        self._next_id += 1
        return self._next_id

    def _complaint(self, word: str) -> str:
        return f"{word} {words.COMPLAINTS[self.person.language]} {self.person.name}, {self.person.phone}".strip()

    def _content(self, kind: str, word: str) -> bytes:
        noise = self.random.randbytes(self.random.randrange(120, 600))
        text = self._complaint(word)
        match kind:
            case "recording":
                return b"OggS\x00\x02" + noise
            case "photo":
                return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + noise + b"\xff\xd9"
            case "document":
                return b"%PDF-1.4\n% " + text.encode() + b"\n%%EOF\n"
            case "chat":
                return f"customer: {text}\nagent: {words.ANSWERS[self.person.language]}\n".encode()
            case "chat_json":
                messages = [{"from": "customer", "text": text}, {"from": "agent", "text": "ok"}]
                return json.dumps({"messages": messages}, ensure_ascii=False).encode()
            case _:
                answers = {"satisfaction": self.random.randrange(1, 6), "comment": text}
                return json.dumps(answers, ensure_ascii=False).encode()

    def _add(self, collection: str, row: Row) -> None:
        self.person.rows.setdefault(collection, []).append(row)


_KINDS = {
    "recording": ("recordings", "ogg", "audio/ogg"),
    "chat": ("chats", "txt", "text/plain; charset=utf-8"),
    "chat_json": ("chats", "json", "application/json"),
    "questionnaire": ("questionnaires", "json", "application/json"),
    "document": ("evidence", "pdf", "application/pdf"),
    "photo": ("evidence", "jpg", "image/jpeg"),
}
FILE_KINDS = tuple(_KINDS)


def _hash(form: str, contact: str) -> str:
    """A contact as advertisers and affiliates name it, by which the mall finds it again."""
    return hashlib.new(form, contact.encode(), usedforsecurity=False).hexdigest()
