"""Events about events: one is taken back, or says something else. They name it by source and id, under its subject."""

from __future__ import annotations

from typing import Annotated

import msgspec

RETRACTED = "usage.retracted"
CORRECTED = "usage.corrected"

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Amendment(msgspec.Struct, frozen=True):
    """`data` stands in the place of what the event said; its time, type and subject stay. None takes it back."""

    source: Name
    id: Name
    reason: Reason
    data: msgspec.Raw | None = None


class _Retraction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: Name
    id: Name
    reason: Reason


class _Correction(_Retraction, frozen=True, forbid_unknown_fields=True):
    data: msgspec.Raw


class MalformedAmendment(ValueError):
    """The data of an amendment is not what its type asks for."""


def is_amendment(type_: str) -> bool:
    return type_ in (RETRACTED, CORRECTED)


def amendment_of(type_: str, data: bytes) -> Amendment:
    """Raises MalformedAmendment."""
    try:
        if type_ == RETRACTED:
            retraction = msgspec.json.decode(data, type=_Retraction)
            return Amendment(retraction.source, retraction.id, retraction.reason)
        correction = msgspec.json.decode(data, type=_Correction)
    except msgspec.ValidationError as error:
        raise MalformedAmendment(str(error)) from None
    if bytes(correction.data)[:1] != b"{":
        raise MalformedAmendment("Expected `object` - at `$.data`")
    return Amendment(correction.source, correction.id, correction.reason, correction.data)
