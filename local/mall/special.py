"""The special people: each plays a part in a test, and is found by name with `Mall.special`."""

from collections.abc import Callable

from local.mall.build import FILE_KINDS, Builder, Consignee

Somebody = Callable[[str], Builder]

MARKER = "Qwortzel"
"""In everything personal of the `marker` person, and nowhere else: grep for it where no personal data may be."""


def _named(somebody: Somebody, name: str, who: str, language: str = "km") -> Builder:
    builder = somebody(language)
    builder.person.special, builder.person.who = name, who
    return builder


def _run(somebody: Somebody) -> None:
    run = _named(somebody, "run", "something in every store, an old order, a gift to a friend")
    friend = somebody("km")
    friend.person.who = "a friend of the one above, without an account"
    run.account(days=4600)
    run.profile(searches=14, favourites=3, cart=2)
    run.visits(number=12)
    for days in (12, 300, 610):
        run.signal(days=days)
    run.signal(days=900)
    orders = [run.order(days=days) for days in (6, 90, 400, 1300, 2500)]
    run.order(days=3900)
    run.order(days=45, to=Consignee(friend.person.name, friend.person.phone, friend.home))
    run.after_sale(orders[1], days=80)
    run.ticket(days=79)
    run.ticket(days=3, status="open")
    for number, kind in enumerate(FILE_KINDS):
        run.file(kind, days=5 + number * 30, versions=2 if kind == "chat" else 1)


def _family(somebody: Somebody) -> None:
    mother = _named(somebody, "family_a", "shares contact phone, device and address with family_b; the phone is hers")
    child = _named(somebody, "family_b", "shares contact phone, device and address with family_a")
    home, phone, device = mother.home, mother.person.phone, "dev-family"
    for builder in (mother, child):
        builder.account(days=1200, contact_phone=phone)
        builder.profile(searches=5, favourites=1)
        builder.visits(number=3)
        builder.signal(days=100, device=device)
        for days in (30, 200):
            builder.order(days=days, to=Consignee(builder.person.name, phone, home))
        builder.ticket(days=60)
        builder.file("recording", days=60)


def _gifts(somebody: Somebody) -> None:
    giver = _named(
        somebody,
        "gift_giver",
        "whom `make run` plays; ordered for others: for `consignee` and for `gift_receiver`",
        "zh",
    )
    receiver = _named(somebody, "gift_receiver", "has an account, and is consignee of orders of `gift_giver`", "en")
    stranger = _named(somebody, "consignee", "has no account; known only as the consignee of orders of `gift_giver`")
    stranger.person.email = None
    giver.account(days=4600)
    giver.profile(searches=3)
    giver.order(days=33)
    for days in (20, 700, 3950):
        giver.order(days=days, to=Consignee(stranger.person.name, stranger.person.phone, stranger.home))
    for days in (55, 365):
        giver.order(days=days, to=Consignee(receiver.person.name, receiver.person.phone, receiver.home))
    receiver.account(days=1000)
    receiver.profile(searches=2, cart=1)
    receiver.order(days=15)


def _dispute(somebody: Somebody) -> None:
    person = _named(somebody, "dispute", "in an open dispute: a ticket, an after-sales case and two files stay", "zh")
    person.account(days=800)
    person.profile(searches=4)
    order = person.order(days=25)
    person.order(days=600)
    person.after_sale(order, days=20, status="dispute_open")
    person.after_sale(order, days=22, status="closed")
    person.ticket(days=19, status="dispute_open")
    person.ticket(days=400)
    for kind, disputed in (("photo", True), ("document", True), ("recording", False), ("questionnaire", False)):
        person.file(kind, days=18, disputed=disputed)


def _old_orders(somebody: Somebody) -> None:
    person = _named(somebody, "old_orders", "has three orders beyond the ten years of the tax law, and two within")
    person.account(days=4800)
    for days in (3700, 4100, 4500, 3500, 60):
        order = person.order(days=days)
        if days == 4100:
            person.after_sale(order, days=4090)
    person.signal(days=760)
    person.signal(days=700)


def _bare(somebody: Somebody) -> None:
    person = _named(somebody, "bare", "has an account and nothing else", "en")
    person.account(days=2)


def _versions(somebody: Somebody) -> None:
    person = _named(somebody, "versions", "has support files with older versions, and one deleted before", "en")
    person.account(days=500)
    person.file("chat", days=30, versions=3)
    person.file("document", days=31)
    person.file("questionnaire", days=32)["content"].append(None)


def _marker(somebody: Somebody) -> None:
    person = _named(somebody, "marker", f"`{MARKER}` is in everything personal of theirs", "en")
    person.person.name, person.person.latin = f"{MARKER} Marker", f"{MARKER} Marker"
    person.person.email = f"{MARKER.lower()}@example.com"
    person.home = f"1 {MARKER} Street"
    person.account(days=500)
    person.profile(searches=3, word=MARKER)
    person.visits(number=3, word=MARKER)
    person.signal(days=10)
    order = person.order(days=20)
    person.after_sale(order, days=10, word=MARKER)
    person.ticket(days=9, word=MARKER)
    person.file("chat", days=9, word=MARKER)


def _child(somebody: Somebody) -> None:
    child = _named(somebody, "child", "is nine years old; the number for deliveries is that of `parent`")
    parent = _named(somebody, "parent", "an adult, who looks after `child`")
    parent.account(days=2000)
    child.account(days=300, contact_phone=parent.person.phone, age=9)
    child.profile(searches=4, favourites=2)
    child.order(days=40, to=Consignee(parent.person.name, parent.person.phone, parent.home))


def _moved(somebody: Somebody) -> None:
    person = _named(somebody, "moved", "has changed the phone of the account five days ago", "en")
    person.account(days=900, moved=5)
    person.profile(searches=2)
    person.order(days=70)


SPECIAL: tuple[Callable[[Somebody], None], ...] = (
    _run, _family, _gifts, _dispute, _old_orders, _bare, _versions, _marker, _child,
    _moved,
)  # fmt: skip
