"""Decimals as answers show them: every digit, never an exponent."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema


def plain(value: Decimal) -> str:
    """1E+2 is written 100, and minus zero is zero."""
    return format(value if value else abs(value), "f")


PlainDecimal = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}, "serialization"),
]


def rounding_read(minor: int, currency: str, residue: Decimal) -> str:
    """The one rounding of a line, in words."""
    return f"rounded to {minor} minor units of {currency}, residue {plain(residue)}"
