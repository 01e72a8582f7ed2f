"""Finding somebody's data in places where it must not be, in whatever form it got there."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote


@dataclass(frozen=True)
class Words:
    """What must not be found: words of a person (matched in any form), and secrets (matched as they are)."""

    words: tuple[str, ...]
    codes: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    @cached_property
    def _forms(self) -> dict[bytes, str]:
        return {form: f"{word} as {how}" for word in self.words for how, form in forms_of(word)}

    @cached_property
    def _codes(self) -> re.Pattern[bytes]:
        # Not a part of a longer number or word, nor of the fraction of a second.
        return re.compile(rb"(?<![\w.:])(" + b"|".join(code.encode() for code in self.codes) + rb")(?!\w)")

    def found_in(self, place: bytes) -> list[str]:
        """What of it occurs in these bytes, and in which form."""
        lower = place.lower()
        found = [what for form, what in self._forms.items() if form in (lower if form == form.lower() else place)]
        found += [f"secret {secret[:4]}..." for secret in self.secrets if secret.encode() in place]
        if self.codes:
            found += [f"code {code.decode()}" for code in set(self._codes.findall(place))]
        return found


def forms_of(word: str) -> Iterator[tuple[str, bytes]]:
    """A word as it may turn up: plain, escaped, encoded, or hashed without a key (which anybody can try out)."""
    for variant in dict.fromkeys((word, word.lower())):
        raw = variant.encode()
        yield "text", raw.lower()
        yield "URL", quote(variant, safe="").lower().encode()
        yield "JSON escapes", "".join(f"\\u{ord(letter):04x}" for letter in variant).encode()
        yield "hex", raw.hex().encode()
        yield from (("base64", form) for form in base64_of(raw))
        for algorithm in ("md5", "sha1", "sha256"):
            digest = hashlib.new(algorithm, raw, usedforsecurity=False)
            yield algorithm, digest.hexdigest().encode()
            yield algorithm, base64.b64encode(digest.digest()).rstrip(b"=")


def base64_of(raw: bytes) -> Iterator[bytes]:
    """The letters that depend on these bytes alone, for each of the three places at which they may begin."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        core = encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")


def phone_forms(phone: str) -> tuple[str, ...]:
    """A Cambodian number as people and programs write it."""
    digits = phone.removeprefix("+855")
    two, three, rest = digits[:2], digits[2:5], digits[5:]
    return (
        f"855{digits}",
        f"0{digits}",
        digits,
        f"0{two} {three} {rest}",
        f"{two} {three} {rest}",
        f"{two}-{three}-{rest}",
    )


def report(places: Mapping[str, Iterable[bytes]], words: Words) -> dict[str, list[str]]:
    """Place to what was found there."""
    found = {place: words.found_in(b"\n".join(content)) for place, content in places.items()}
    return {place: what for place, what in found.items() if what}
