"""The true-up of a term as sentences: what was committed to, by its parts, and what the usage of the term came to."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.api.amounts import plain
from services.billing.api.invoices.invoice_forms import LineOut
from services.billing.domain.subscription.committed import committed, committed_parts, counts
from services.billing.domain.subscription.state import Subscription


def true_up_read(subscription: Subscription, line: LineOut, currency: str, rated_minor: int) -> Iterator[str]:
    """`rated_minor` is what the line came to before people changed it. Nothing of the true-up of a period."""
    term = subscription.term(line.term_number)
    parts = committed_parts(subscription, term)
    is_of_term = line.kind == "true_up" and counts(subscription.line(line.term_number, line.amendment))
    if not is_of_term or line.charge not in {part.minimum.code for part in parts}:
        return
    for part in parts:
        share = f"{part.share.numerator} parts of {part.share.denominator}"
        yield f"a minimum of {plain(part.minimum.amount.major)} {currency} for a full term, {share} of it"
    least = committed(parts, currency).minor
    yield f"{least} minor units of {currency} are committed to for the term"
    yield f"usage of the term came to {least - rated_minor} on all its invoices, late usage included"
