"""The sample mall's people: the special ones first, then as many ordinary ones as asked for.

Deterministic: the same arguments give the same bytes, and a person's rows do not depend on how many others there are.
Nothing here is shared with the product, so that its expectations are a second opinion.
"""

import functools
from datetime import UTC, date, datetime, timedelta
from random import Random

from local.mall import words
from local.mall.build import FILE_KINDS, Builder
from local.mall.model import Mall, Person
from local.mall.special import SPECIAL

SEED = "tinh-tinh"
_PHNOM_PENH = timedelta(hours=7)


@functools.lru_cache(maxsize=4)
def generate(
    population: int = 2000, today: date | None = None, *, heavy_orders: int = 1500, heavy_searches: int = 600
) -> Mall:
    """A mall of `population` people, as on `today` (by default the present day in Phnom Penh)."""
    day = today or (datetime.now(UTC) + _PHNOM_PENH).date()
    people: list[Person] = []

    def somebody(language: str = "") -> Builder:
        index = len(people)
        person = _identity(index, language)
        people.append(person)
        return Builder(person, index, day, SEED)

    for make in SPECIAL:
        make(somebody)
    heavy = somebody("zh")
    heavy.person.special, heavy.person.who = "heavy", f"shops a lot: {heavy_orders} orders, {heavy_searches} searches"
    heavy.account(days=3000)
    heavy.profile(searches=heavy_searches, favourites=40, cart=20)
    heavy.visits(number=40)
    for number in range(heavy_orders):
        heavy.order(days=20 + number % 2900)
    while len(people) < population:
        _live(somebody())
    return Mall(tuple(people), day)


def _identity(index: int, language: str) -> Person:
    random = Random(f"{SEED}/identity/{index}")  # noqa: S311 - sample data, not secrets
    script = language or random.choice(("km", "km", "km", "zh", "en"))
    families, givens, shape = {
        "km": (words.KHMER_FAMILY, words.KHMER_GIVEN, "{0} {1}"),
        "zh": (words.CHINESE_FAMILY, words.CHINESE_GIVEN, "{0}{1}"),
        "en": (words.LATIN_FAMILY, words.LATIN_GIVEN, "{1} {0}"),
    }[script]
    family, given = random.choice(families), random.choice(givens)
    number = index * 7919 + 203_017  # 7919 and 800,000 have no common factor: no two people share the digits
    if script == "zh" and random.random() < 0.3:
        phone = f"+86{random.choice(words.CHINA_PREFIXES)}{number % 100_000_000:08d}"
    else:
        phone = f"+855{random.choice(words.PHONE_PREFIXES)}{200_000 + number % 800_000:06d}"
    has_email = bool(language) or random.random() < 0.8
    email = f"{given[1]}.{family[1]}.{index}@{random.choice(words.MAIL_DOMAINS)}" if has_email else None
    return Person(shape.format(family[0], given[0]), f"{given[1]} {family[1]}".title(), phone, email, script)


def _live(builder: Builder) -> None:
    """An ordinary life."""
    random = builder.random
    is_child = builder.lot.random() < 0.03
    builder.account(days=random.randrange(400, 3000), age=builder.lot.randrange(9, 14) if is_child else None)
    builder.visits(number=builder.trail.choice((0, 1, 1, 2, 2, 3)))
    builder.profile(searches=random.randrange(10), favourites=random.randrange(4), cart=random.randrange(3))
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        builder.signal(days=random.randrange(5, 700))
    if random.random() < 0.1:
        builder.signal(days=random.randrange(760, 1500))
    orders = [builder.order(days=random.randrange(2, 1500)) for _ in range(random.choice((0, 1, 1, 2, 3, 4, 7)))]
    if random.random() < 0.03:
        builder.order(days=random.randrange(3700, 4300))
    if orders and random.random() < 0.15:
        builder.after_sale(orders[0], days=1, status=random.choice(("requested", "refunded", "closed")))
    if random.random() < 0.125:
        builder.ticket(days=random.randrange(1, 900), status=random.choice(("open", "answered", "closed")))
        for _ in range(random.choice((2, 3, 4, 6))):
            builder.file(random.choice(FILE_KINDS), days=random.randrange(1, 900))
