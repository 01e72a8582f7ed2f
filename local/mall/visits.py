"""What visits of one person leave in the service logs."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from local.mall import words
from local.mall.model import Person

DAYS = (1, 2, 8, 33)
"""How long ago the days are that the lake has files of."""
_OS = ("Android 15", "iOS 19", "HarmonyOS 5", "Windows 11")
_MODELS = ("Pixel 9", "iPhone 17", "Mate 70", "Galaxy S25")


def add_visits(person: Person, random: Random, today: date, number: int, word: str) -> None:
    """Add the rows of so many visits, on days that the lake has files of."""
    device, place = f"dev-{random.getrandbits(64):016x}", random.randrange(len(_OS))
    for _ in range(number):
        day = today - timedelta(days=random.choice(DAYS))
        moment = datetime.combine(day, time(random.randrange(1, 10), random.randrange(60), tzinfo=UTC))
        common = {"account_id": person.account_id, "dt": day.isoformat(), "at": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}
        ip = f"203.0.113.{random.randrange(1, 255)}"
        for _ in range(random.randrange(1, 4)):
            page = f"/products/{random.choice(words.PRODUCTS)}".replace(" ", "-")
            row = {"page": page, "referrer": f"https://search.example/?q={word}", "device_id": device, "ip": ip}
            _add(person, random, "page_views", common | row)
        for _ in range(random.randrange(3)):
            click = {"element": random.choice(("buy", "picture", "review")), "product": random.choice(words.PRODUCTS)}
            _add(person, random, "clicks", common | click | {"device": {"id": device, "os": _OS[place]}})
        query = f"{word} {random.choice(words.SEARCHES[person.language])}".strip()
        who = {"account_id": common["account_id"], "language": person.language}
        _add(person, random, "searches", {"user": who, "dt": common["dt"], "at": common["at"], "query": query})
        row = {"device_id": device, "ip": ip, "model": _MODELS[place], "os": _OS[place]}
        _add(person, random, "devices", common | row)
        where = {"latitude": round(11 + random.random(), 5), "longitude": round(104 + random.random(), 5)}
        _add(person, random, "places", common | where | {"province": random.choice(words.PROVINCES)})


def _add(person: Person, random: Random, collection: str, row: dict[str, Any]) -> None:
    rows = person.rows.setdefault(collection, [])
    rows.append({"event_id": f"ev-{random.getrandbits(64):016x}", **row})
