"""What JSON values mean to a meter: exact quantities, and one text for every value that groups or is counted once."""

from __future__ import annotations

import re
from decimal import Context, Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

import msgspec

# Sums of any number of quantities (15 digits before the point, 12 after) stay exact.
EXACT = Context(prec=60)

_QUANTITY = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")
_LIMIT = 10**15
_PLACES = 12
_LONGEST_NUMBER = 40
_LONGEST_TEXT = 256


def exact_number(literal: str) -> Decimal | str:
    """A JSON number with a point or an exponent, exactly; one that no quantity could be stays the text that it is."""
    try:
        return Decimal(literal) if len(literal) <= _LONGEST_NUMBER else literal
    except InvalidOperation:
        return literal


# Whole numbers arrive as int, exact by nature; all others go through Decimal, none through float.
_DECODER = msgspec.json.Decoder(float_hook=exact_number)


def decode_exactly(data: bytes | msgspec.Raw) -> Any:
    return _DECODER.decode(data)


def quantity_of(value: Any) -> Decimal | None:
    """A quantity: a JSON number, or a text like "12.5"; at most 15 digits before the point and 12 after, else None."""
    kind = type(value)
    if kind is int:
        return Decimal(value) if -_LIMIT < value < _LIMIT else None
    if kind is Decimal:
        return value if -_LIMIT < value < _LIMIT and _places(value) <= _PLACES else None
    return Decimal(value) if kind is str and _QUANTITY.fullmatch(value) else None


def text_of(value: Any) -> str | None:
    """One text per value: the same for equal numbers (1, 1.0, 1e0), sorted JSON for objects and arrays, None for null.

    A text too long for an index, or with a NUL, which PostgreSQL cannot hold, is replaced by its BLAKE2b hash.
    """
    if type(value) is str:
        return value if len(value) <= _LONGEST_TEXT and "\0" not in value else hashed(value)
    if value is None:
        return None
    if type(value) is Decimal:
        return _plain(value.normalize(EXACT)) if value else "0"
    return text_of(str(value) if type(value) is int else msgspec.json.encode(value, order="sorted").decode())


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else _PLACES + 1


def _plain(value: Decimal) -> str:
    """Without an exponent, unless that would take more than a few dozen characters."""
    return format(value, "f") if abs(value.adjusted()) <= _LONGEST_NUMBER else str(value)


def hashed(text: str) -> str:
    return "blake2b:" + blake2b(text.encode(), digest_size=16).hexdigest()
