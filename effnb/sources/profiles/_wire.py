"""The protobuf wire format, as much of it as pprof needs: no generated code, no dependency.

Source: https://protobuf.dev/programming-guides/encoding/. A message is a run of (key, value); the key holds the field's
number above its three lowest bits, which say how the value is laid out.
"""

from __future__ import annotations

from collections.abc import Iterator

from effnb.sources.profiles._limits import FormatError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
WORD = (1 << 64) - 1
SIGN = 1 << 63

Field = tuple[int, int | bytes]


def fields(message: bytes) -> Iterator[Field]:
    """(number, value) of each field in order: an unsigned integer, or the bytes of a string, message or packed list."""
    at, end = 0, len(message)
    while at < end:
        key = message[at]
        at += 1
        if key >= 0x80:
            key, at = varint(message, at - 1)
        number, layout = key >> 3, key & 7
        if layout == VARINT:
            value, at = varint(message, at)
            yield number, value
            continue
        if layout == BYTES:
            size, at = varint(message, at)
        elif layout in (FIXED64, FIXED32):
            size = 8 if layout == FIXED64 else 4
        else:
            raise FormatError(f"byte {at} holds the unknown wire type {layout}; the file is damaged or no protobuf")
        if number == 0 or size > end - at:
            raise FormatError(
                f"the field at byte {at} reaches past the end; the file is cut off: copy or record it again"
            )
        yield number, message[at : at + size]
        at += size


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The unsigned 64-bit integer that starts at ``at``, and where the next value starts."""
    value = shift = 0
    while shift < 70:
        if at >= len(data):
            raise FormatError("a number is cut off at the end of the file; copy or record it again")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & WORD, at
        shift += 7
    raise FormatError(f"the number before byte {at} is longer than ten bytes; the file is damaged")


def integers(value: int | bytes) -> list[int]:
    """A repeated integer field's values: one when it is written singly, all of them when it is packed."""
    if isinstance(value, int):
        return [value]
    if value.isascii():
        return list(value)
    numbers: list[int] = []
    number = shift = 0
    for byte in value:
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            numbers.append(number & WORD)
            number = shift = 0
        elif (shift := shift + 7) >= 70:
            raise FormatError("a packed number is longer than ten bytes; the file is damaged")
    if shift:
        raise FormatError("a packed list of numbers is cut off; the file is damaged")
    return numbers


def signed(number: int) -> int:
    """An unsigned 64-bit value read as a signed one."""
    return number - (WORD + 1) if number & SIGN else number


def as_integer(value: int | bytes) -> int:
    """The value of an integer field; ``FormatError`` when the file has bytes there."""
    if isinstance(value, bytes):
        raise FormatError("a number was expected where the file has bytes; the file is damaged or no pprof profile")
    return value


def as_bytes(value: int | bytes) -> bytes:
    """The content of a string or message field; ``FormatError`` when the file has a number there."""
    if isinstance(value, int):
        raise FormatError("bytes were expected where the file has a number; the file is damaged or no pprof profile")
    return value
