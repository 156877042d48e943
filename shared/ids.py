"""Identifiers: time-ordered UUIDs inside, with a prefix that says what they are at the API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import uuid_utils
import uuid_utils.compat
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

NewId = Callable[[], UUID]


def new_id() -> UUID:
    """A UUIDv7: later ones sort behind earlier ones."""
    return uuid_utils.compat.uuid7()


def new_hex() -> str:
    """The 32 digits of a new id, for those who need nothing else of it: a fifth of the time."""
    return uuid_utils.uuid7().hex


def shown(prefix: str, id_: UUID) -> str:
    return f"{prefix}_{id_.hex}"


@dataclass(frozen=True, slots=True)
class _Prefixed:
    prefix: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(self._shown, when_used="json")
        return core_schema.no_info_before_validator_function(self._parsed, handler(source), serialization=written)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.prefix}_[0-9a-f]{{32}}$"}

    def _shown(self, id_: UUID) -> str:
        return shown(self.prefix, id_)

    def _parsed(self, value: object) -> object:
        """Without its prefix, as messages carry it, an id is taken as well."""
        return value.removeprefix(self.prefix + "_") if isinstance(value, str) else value


def prefixed(prefix: str) -> object:
    """For `Annotated[UUID, prefixed("inv")]`: an id that reads `inv_0190…` at the API and is a UUID inside."""
    return _Prefixed(prefix)
