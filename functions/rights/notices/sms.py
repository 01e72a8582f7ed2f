"""How long a text message is, as networks count it (3GPP 23.038)."""

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_DOUBLE = frozenset("^{}\\[~]|€\f")


def units(text: str) -> tuple[int, int]:
    """The length of a message in its own units, and how many fit into one part: septets (160) or UTF-16 units (70)."""
    if set(text) <= _GSM | _GSM_DOUBLE:
        return sum(2 if letter in _GSM_DOUBLE else 1 for letter in text), 160
    return len(text.encode("utf-16-le")) // 2, 70


def parts(text: str) -> int:
    """How many messages the network makes, and bills, of it."""
    length, one = units(text)
    several = 153 if one == 160 else 67
    return 1 if length <= one else -(-length // several)
