"""Makes an invoice again from the log, as it was, and compares it line by line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any
from uuid import UUID

from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice.line import InvoiceLine
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.usage_period import USAGE_PERIOD, UsagePeriod


@dataclass(frozen=True, slots=True)
class Difference:
    """What stands on the invoice, and what the log gives."""

    line: int
    field: str
    invoiced: Any
    recomputed: Any


def verify(
    invoice: Invoice, subscription_events: Sequence[Any], period_events: Mapping[UUID, Sequence[Any]]
) -> list[Difference]:
    """`subscription_events` are those up to the version that the invoice names; periods are taken at the revision that
    their lines name. Nothing different means that the invoice follows from the log."""
    header = invoice.header
    subscription = SUBSCRIPTION.replay(subscription_events[: header.subscription_version])
    assert subscription is not None  # the invoice was drafted from it
    revisions = {line.proof.period_id: line.proof.revision for line in invoice.lines if line.proof}
    usage = {id_: _at_revision(events, revisions.get(id_)) for id_, events in period_events.items()}
    return list(_differences(invoice.lines, compose(subscription, header.bill, usage)))


def _at_revision(events: Iterable[Any], revision: int | None) -> UsagePeriod:
    period: UsagePeriod | None = None
    for event in events:
        if period is not None and period.closed and period.revision == (revision or 0):
            break
        period = USAGE_PERIOD.evolve(period, event)
    assert period is not None  # a bill names only periods that were opened
    return period


def _differences(invoiced: Iterable[InvoiceLine], recomputed: Iterable[InvoiceLine]) -> Iterable[Difference]:
    for number, (old, new) in enumerate(zip_longest(invoiced, recomputed), start=1):
        if old is None or new is None:
            yield Difference(number, "line", old and old.charge, new and new.charge)
            continue
        before, after = asdict(old), asdict(new)
        yield from (Difference(number, f, before[f], after[f]) for f in before if before[f] != after[f])
