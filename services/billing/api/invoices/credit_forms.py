"""How the credit that paid an invoice looks at the API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel

from shared.ids import prefixed
from shared.money import Money

WalletId = Annotated[UUID, prefixed("wal")]


class PaidLineOut(BaseModel):
    """Which line of the invoice credit paid, and how much of it; line 0 is its tax."""

    line: int
    amount_minor: int


class AppliedCreditOut(BaseModel):
    """What a wallet paid when the invoice was issued; `restored_minor` of it has gone back to the wallet since."""

    wallet_id: WalletId
    wallet: str
    promotional: bool
    amount_minor: int
    restored_minor: int
    lines: list[PaidLineOut]


class LinePaidOut(BaseModel):
    """What a wallet paid of one line."""

    wallet_id: WalletId
    wallet: str
    amount_minor: int


def credit_of(document: dict[str, Any], status: str) -> list[AppliedCreditOut]:
    """Of an invoice as it is stored."""
    notes = document.get("credit_notes") or ()
    restored = [each for note in notes for each in note.get("restored", ())]
    return credit_out(document.get("credit", ()), restored, status)


def credit_out(
    credit: Iterable[dict[str, Any]], restored: Sequence[dict[str, Any]], status: str
) -> list[AppliedCreditOut]:
    """In the order in which wallets were drawn; of a void invoice all is restored."""
    return [_credit(stored, restored, status == "voided") for stored in credit]


def _credit(stored: dict[str, Any], restored: Iterable[dict[str, Any]], is_void: bool) -> AppliedCreditOut:
    amount = stored["amount"]["minor"]
    back = sum(each["amount_minor"] for each in restored if each["wallet_id"] == stored["wallet_id"])
    return AppliedCreditOut(
        wallet_id=UUID(stored["wallet_id"]),
        wallet=stored["wallet"],
        promotional=stored["promotional"],
        amount_minor=amount,
        restored_minor=amount if is_void else back,
        lines=[PaidLineOut(line=part["line"], amount_minor=part["amount"]["minor"]) for part in stored["lines"]],
    )


def paid_of_line(credit: Iterable[AppliedCreditOut], line: int) -> list[LinePaidOut]:
    return [
        LinePaidOut(wallet_id=each.wallet_id, wallet=each.wallet, amount_minor=part.amount_minor)
        for each in credit
        for part in each.lines
        if part.line == line
    ]


def paid_read(paid: Iterable[LinePaidOut], currency: str) -> Iterator[str]:
    for each in paid:
        yield f"{Money(each.amount_minor, currency)} of it paid with credit of {each.wallet} when it was issued"
