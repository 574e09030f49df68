"""Bencode (BEP 3), which the standard library does not have."""

Value = int | bytes | list["Value"] | dict[bytes, "Value"]


def decode(data: bytes) -> Value:
    """Decodes one value. Raises `ValueError` for anything else, also if it is not in canonical form."""
    try:
        value, end = _value(data, 0)
    except IndexError:
        raise ValueError("it is cut off") from None
    if end != len(data) or encode(value) != data:
        raise ValueError("it is not canonical bencode")
    return value


def encode(value: Value) -> bytes:
    """Encodes a value, with the keys sorted as raw bytes."""
    match value:
        case int():
            return b"i%de" % value
        case bytes():
            return b"%d:%s" % (len(value), value)
        case list():
            return b"l%se" % b"".join(map(encode, value))
        case dict():
            return b"d%se" % b"".join(encode(key) + encode(value[key]) for key in sorted(value))


def _value(data: bytes, at: int) -> tuple[Value, int]:
    match data[at : at + 1]:
        case b"i":
            end = data.index(b"e", at)
            return int(data[at + 1 : end]), end + 1
        case b"l" | b"d":
            return _several(data, at)
        case _:
            colon = data.index(b":", at)
            end = colon + 1 + int(data[at:colon])
            return data[colon + 1 : end], end


def _several(data: bytes, at: int) -> tuple[Value, int]:
    kind, at = data[at], at + 1
    values: list[Value] = []
    while data[at] != ord("e"):
        value, at = _value(data, at)
        values.append(value)
    if kind == ord("l"):
        return values, at + 1
    keys = [key for key in values[::2] if isinstance(key, bytes)]
    if len(keys) * 2 != len(values):
        raise ValueError("a key of a dictionary is not a string, or has no value")
    return dict(zip(keys, values[1::2], strict=True)), at + 1
