"""How the changes that people made to a draft look at the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel


class EditOut(BaseModel):
    """What somebody did to a line of the draft, and what it changed the net by."""

    edit: int
    command: Literal["add_line", "remove_line", "adjust_line"]
    charge: str
    description: str
    amount_minor: int
    reason: str
    by: str
    at: datetime


class AdjustmentOut(BaseModel):
    """`edit` is which change of the draft it was; `amount_minor` is part of the amount of the line."""

    edit: int
    amount_minor: int


def adjustments_out(line: dict[str, Any]) -> list[AdjustmentOut]:
    return [
        AdjustmentOut(edit=each["edit"], amount_minor=each["amount"]["minor"]) for each in line.get("adjustments", ())
    ]
