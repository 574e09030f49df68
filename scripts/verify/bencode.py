"""Bencode (BEP 3), which the standard library does not have."""

Value = int | bytes | list["Value"] | dict[bytes, "Value"]


def decode(data: bytes) -> Value:
    """Decodes one value. Raises `ValueError` for anything else, also if it is not in canonical form."""
    try:
        value, end = _value(data, 0)
        if data[end:] or encode(value) != data:
            raise ValueError("it is not canonical bencode")
    except (IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no bencode: {error}") from None
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
    return b"d%se" % b"".join(encode(key) + encode(value[key]) for key in sorted(value))


def _value(data: bytes, at: int) -> tuple[Value, int]:
    kind = data[at]
    if kind == ord("i"):
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    if kind not in b"ld":
        colon = data.index(b":", at)
        end = colon + 1 + int(data[at:colon])
        return data[colon + 1 : end], end
    values, at = [], at + 1
    while data[at] != ord("e"):
        value, at = _value(data, at)
        values.append(value)
    return values if kind == ord("l") else dict(zip(values[::2], values[1::2], strict=True)), at + 1
