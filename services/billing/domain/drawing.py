"""What the wallets of a customer pay of an invoice, and of which of its lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.billing.domain.applied_credit import AppliedCredit, PaidLine
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoicing.wallets import draw_down, shared_out
from services.billing.domain.wallet.state import Wallet
from shared.money import Money


def drawn(invoice: Invoice, wallets: Iterable[Wallet]) -> tuple[AppliedCredit, ...]:
    """In the order in which they are drawn. Unrestricted wallets pay the tax as well, after the lines."""
    known = {str(each.facts.wallet_id): each for each in _in_order(wallets)}
    offered = [each.offered(invoice.lines) for each in known.values()]
    nets = {str(line.number): line.net for line in invoice.lines}
    amounts = draw_down(invoice.totals.total, nets, offered, invoice.header.bill.billing_on)
    parts = shared_out(amounts, offered, nets, invoice.totals.tax)
    return tuple(_applied(known[id_], amount, parts[id_]) for id_, amount in amounts.items())


def _in_order(wallets: Iterable[Wallet]) -> list[Wallet]:
    """Where nothing else decides: as they were granted."""
    return sorted(wallets, key=lambda wallet: (wallet.granted_at, wallet.facts.wallet_id))


def _applied(wallet: Wallet, amount: Money, parts: Sequence[tuple[str | None, Money]]) -> AppliedCredit:
    facts = wallet.facts
    return AppliedCredit(
        wallet_id=facts.wallet_id,
        wallet=facts.name,
        promotional=facts.promotional,
        amount=amount,
        lines=tuple(PaidLine(line=int(line or 0), amount=part) for line, part in parts),
    )
