"""Types of request fields: decimals that never went through a float, days and instants that every calendar can hold."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

_DECIMAL = re.compile(r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$")
_DAY = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
_INSTANT = re.compile(
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)


def _instant(sent: object) -> object:
    """A number, also in a text, would be taken for seconds since 1970."""
    if isinstance(sent, datetime) or (isinstance(sent, str) and _INSTANT.fullmatch(sent)):
        return sent
    raise PydanticCustomError("not_an_instant", 'give an instant with its offset, such as "2031-01-01T00:00:00Z"')


def _day(sent: object) -> object:
    if isinstance(sent, date) or (isinstance(sent, str) and _DAY.fullmatch(sent)):
        return sent
    raise PydanticCustomError("not_a_day", 'give a day, such as "2031-01-01"')


# What is stored is read again in every zone, and Python's calendar ends with the year 9999.
Instant = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
    BeforeValidator(_instant),
]
Day = Annotated[date, Field(ge=date(1900, 1, 1), lt=date(2200, 1, 1)), BeforeValidator(_day)]


def _decimal(sent: object) -> Decimal:
    """`1E+1000000` would be a number too, and JSON's own numbers may have been rounded on their way to us."""
    if isinstance(sent, Decimal):
        return sent
    text = str(sent) if isinstance(sent, int) and not isinstance(sent, bool) else sent
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise PydanticCustomError("not_a_decimal", 'give a decimal string, such as "12.5"')
    return Decimal(text)


_MOST = 10**15 - 1
_DECIMAL_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": _DECIMAL.pattern},
        {"type": "integer", "minimum": -_MOST, "maximum": _MOST},
    ]
}
DecimalText = Annotated[Decimal, BeforeValidator(_decimal), WithJsonSchema(_DECIMAL_SCHEMA, "validation")]
