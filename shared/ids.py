"""Identifiers: time-ordered UUIDs inside, with a prefix that says what they are at the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid5

import uuid_utils.compat
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

# Ids that a process makes are derived, so that doing it twice makes the same thing: uuid5(cause, "name").
derived = uuid5


def new_id() -> UUID:
    return uuid_utils.compat.uuid7()


def shown(prefix: str, id_: UUID) -> str:
    return f"{prefix}_{id_.hex}"


def prefixed(prefix: str) -> object:
    """A pydantic type for ids that read `inv_0190…` at the API and are a UUID inside."""

    def parse(value: object) -> UUID:
        if isinstance(value, UUID):
            return value
        text = str(value)
        if not text.startswith(prefix + "_") or len(text) != len(prefix) + 33:
            raise ValueError(f"an id like {prefix}_ and 32 hexadecimal digits is needed")
        return UUID(hex=text[len(prefix) + 1 :])

    return Annotated[
        UUID,
        BeforeValidator(parse),
        PlainSerializer(lambda id_: shown(prefix, id_), return_type=str, when_used="json"),
        WithJsonSchema({"type": "string", "pattern": f"^{prefix}_[0-9a-f]{{32}}$"}),
    ]
