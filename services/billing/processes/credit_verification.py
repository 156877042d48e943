"""Draws on the wallets of an invoice again, as they were before, and compares; what went back to them is compared as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.billing.domain.applied_credit import AppliedCredit
from services.billing.domain.drawing import drawn
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.events import CreditDrawn
from services.billing.domain.wallet.state import Wallet
from services.billing.processes.verification import Difference
from shared.money import Money


def verify_credit(invoice: Invoice, wallets: Mapping[UUID, Sequence[Any]]) -> Iterator[Difference]:
    """`wallets` are the events of those that paid. What they have paid still is what the invoice says that they have."""
    if invoice.facts is None:
        return
    id_, number = invoice.facts.invoice_id, invoice.facts.number
    before = [wallet for events in wallets.values() if (wallet := _before(events, id_)) is not None]
    again = {each.wallet_id: each for each in drawn(invoice, before)}
    for each in invoice.credit:
        yield from _compared(number, each, again.get(each.wallet_id))
        wallet = WALLET.replay(wallets[each.wallet_id])
        stands = each.amount - invoice.restored.get(each.wallet_id, Money.zero(each.amount.currency))
        if wallet is None or wallet.drawn_by(id_) != stands:
            yield Difference(number, 0, f"credit of {each.wallet}", stands, wallet and wallet.drawn_by(id_))


def _before(events: Sequence[Any], invoice_id: UUID) -> Wallet | None:
    """The wallet as the invoice found it."""
    place = next((n for n, e in enumerate(events) if isinstance(e, CreditDrawn) and e.invoice_id == invoice_id), None)
    return None if place is None else WALLET.replay(events[:place])


def _compared(document: str, stands: AppliedCredit, recomputed: AppliedCredit | None) -> Iterator[Difference]:
    if recomputed is None:
        yield Difference(document, 0, f"credit of {stands.wallet}", stands.amount, None)
        return
    if stands.amount != recomputed.amount:
        yield Difference(document, 0, f"credit of {stands.wallet}", stands.amount, recomputed.amount)
    parts = {part.line: part.amount for part in stands.lines}
    for number in parts.keys() | {part.line for part in recomputed.lines}:
        found = next((part.amount for part in recomputed.lines if part.line == number), None)
        if parts.get(number) != found:
            yield Difference(document, number, f"credit of {stands.wallet}", parts.get(number), found)
