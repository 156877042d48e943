"""Types of request fields: decimals that never went through a float, instants that every calendar can hold."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

# What is stored is read again in every zone, and Python's calendar ends with the year 9999.
Instant = Annotated[AwareDatetime, Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]

_DECIMAL = re.compile(r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$")


def _decimal(sent: object) -> Decimal:
    """`1E+1000000` would be a number too, and JSON's own numbers may have been rounded on their way to us."""
    if isinstance(sent, Decimal):
        return sent
    text = str(sent) if isinstance(sent, int) and not isinstance(sent, bool) else sent
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise PydanticCustomError("not_a_decimal", 'give a decimal string, such as "12.5"')
    return Decimal(text)


DecimalText = Annotated[
    Decimal, BeforeValidator(_decimal), WithJsonSchema({"type": "string", "pattern": _DECIMAL.pattern}, "validation")
]
