"""Thrift's compact protocol, as far as a Parquet footer needs it: read into plain values, changed, and written back.

Nothing is interpreted, so what a newer version of the format adds comes out as it went in. Source: the Thrift compact
protocol specification; parquet-format's `parquet.thrift` names the fields.
"""

import struct
from dataclasses import dataclass, field
from typing import Any

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_INTEGERS = frozenset({_I16, _I32, _I64})


@dataclass(slots=True)
class Struct:
    """A struct: field number to its type and value, in the order of the file."""

    fields: dict[int, tuple[int, Any]] = field(default_factory=dict)

    def get(self, number: int, default: Any = None) -> Any:
        """The value of a field."""
        found = self.fields.get(number)
        return default if found is None else found[1]

    def set_i64(self, number: int, value: int) -> None:
        """Change a field, or add it as a 64-bit number."""
        self.fields[number] = (self.fields.get(number, (_I64, 0))[0], value)

    def drop(self, *numbers: int) -> None:
        """Leave fields out."""
        for number in numbers:
            self.fields.pop(number, None)

    def take(self, other: "Struct", *numbers: int) -> None:
        """Have these fields as another struct has them, or not at all."""
        for number in numbers:
            if number in other.fields:
                self.fields[number] = other.fields[number]
            else:
                self.fields.pop(number, None)


@dataclass(slots=True)
class Sequence:
    """A list or set: the type of what is in it, and that."""

    of: int
    items: list[Any]


def decode(data: bytes) -> Struct:
    """The struct that these bytes begin with."""
    return _Reader(data).struct()


def encode(value: Struct) -> bytes:
    """The bytes of a struct."""
    out = bytearray()
    _put_struct(out, value)
    return bytes(out)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self) -> Struct:
        fields: dict[int, tuple[int, Any]] = {}
        number = 0
        while head := self._byte():
            kind, delta = head & 15, head >> 4
            number = number + delta if delta else self._zigzag()
            fields[number] = (kind, self._value(kind)) if kind > _FALSE else (_TRUE, kind == _TRUE)
        return Struct(fields)

    def _value(self, kind: int) -> Any:
        if kind in _INTEGERS:
            return self._zigzag()
        match kind:
            case 8:
                return self._take(self._varint())
            case 12:
                return self.struct()
            case 9 | 10:
                head = self._byte()
                size = head >> 4 if head >> 4 != 15 else self._varint()
                return Sequence(head & 15, [self._element(head & 15) for _ in range(size)])
            case 3:
                return self._byte()
            case 7:
                return struct.unpack("<d", self._take(8))[0]
        raise ValueError("a part of the footer that no version of the format has")

    def _element(self, kind: int) -> Any:
        return self._byte() == _TRUE if kind in {_TRUE, _FALSE} else self._value(kind)

    def _byte(self) -> int:
        found = self._data[self._at]
        self._at += 1
        return found

    def _take(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def _varint(self) -> int:
        shift = found = 0
        while True:
            byte = self._byte()
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7

    def _zigzag(self) -> int:
        found = self._varint()
        return (found >> 1) ^ -(found & 1)


def _put_struct(out: bytearray, value: Struct) -> None:
    before = 0
    for number, (kind, inner) in sorted(value.fields.items()):
        written = (_TRUE if inner else _FALSE) if kind == _TRUE else kind
        delta = number - before
        if 0 < delta < 16:
            out.append(delta << 4 | written)
        else:
            out.append(written)
            _put_varint(out, number << 1)
        if kind != _TRUE:
            _put_value(out, kind, inner)
        before = number
    out.append(0)


def _put_value(out: bytearray, kind: int, value: Any) -> None:
    if kind in _INTEGERS:
        _put_varint(out, value << 1 if value >= 0 else (-value << 1) - 1)
        return
    match kind:
        case 8:
            _put_varint(out, len(value))
            out += value
        case 12:
            _put_struct(out, value)
        case 9 | 10:
            size = len(value.items)
            out.append((min(size, 15) << 4) | value.of)
            if size > 14:
                _put_varint(out, size)
            for item in value.items:
                if value.of in {_TRUE, _FALSE}:
                    out.append(_TRUE if item else _FALSE)
                else:
                    _put_value(out, value.of, item)
        case 3:
            out.append(value)
        case 7:
            out += struct.pack("<d", value)


def _put_varint(out: bytearray, value: int) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
