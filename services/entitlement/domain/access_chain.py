"""The chain of facts behind a denial, first cause first: each link is something that can be looked up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.entitlement.domain.entitlement.holds import HoldCause, OverdueInvoice
from services.entitlement.domain.entitlement.window import Window
from services.entitlement.domain.known_dunning import DunningStep
from shared.money import Money

Fact = Literal[
    "invoice",
    "dunning_step",
    "term_start",
    "term_end",
    "grace_end",
    "termination",
    "transfer",
    "successor",
    "decision",
    "pause",
    "hold",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`name` is the invoice's number, the dunning step, the hold's kind, the number of the term, who decided
    why, or why it was paused."""

    what: Fact
    name: str
    id: UUID | None = None
    at: datetime | None = None
    due_on: date | None = None
    open: Money | None = None


def start_chain(term_number: int, starts_at: datetime) -> tuple[Link, ...]:
    return (Link(what="term_start", name=str(term_number), at=starts_at),)


def migration_chain(term_number: int, ends_at: datetime, successor_id: UUID) -> tuple[Link, ...]:
    term = str(term_number)
    return (
        Link(what="term_end", name=term, at=ends_at),
        Link(what="successor", name="entitlement", id=successor_id),
    )


def transfer_chain(term_number: int, at: datetime, successor_id: UUID) -> tuple[Link, ...]:
    """In the middle of a term it became another customer's."""
    return (
        Link(what="transfer", name=str(term_number), at=at),
        Link(what="successor", name="entitlement", id=successor_id),
    )


def expiry_chain(
    term_number: int, ends_at: datetime, grace_until: datetime, terminated_at: datetime | None, at: datetime
) -> tuple[Link, ...]:
    """The ends that were reached by `at`: of the term, of grace, and the termination where there was one, after which
    nothing else is a cause."""
    term = str(term_number)
    ends: tuple[tuple[Fact, datetime | None], ...] = (
        ("term_end", ends_at),
        ("grace_end", grace_until),
        ("termination", terminated_at),
    )
    last = at if terminated_at is None else min(at, terminated_at)
    return tuple(Link(what=what, name=term, at=end) for what, end in ends if end is not None and end <= last)


def hold_chain(kind: str, cause: HoldCause) -> tuple[Link, ...]:
    """Invoices, then the dunning step that counted them, then the hold; other holds name the fact behind them."""
    return (*map(_invoice, cause.invoices), *_trigger(cause), Link(what="hold", name=kind, at=cause.at))


def standing_chain(kind: str, cause: HoldCause, steps: Iterable[DunningStep], window: Window) -> tuple[Link, ...]:
    """The same in full, for a person: every step of dunning up to the hold, or the end of the term before grace."""
    if kind == "dunning":
        before = (step for step in steps if step.message_id != cause.message_id and step.at <= cause.at)
        earlier = [_step(step.step, step.message_id, step.at) for step in before]
        return (*map(_invoice, cause.invoices), *earlier, *_trigger(cause), Link(what="hold", name=kind, at=cause.at))
    if kind == "expiry":
        term_end = Link(what="term_end", name=str(window.term_number), at=window.ends_at)
        return (term_end, *hold_chain(kind, cause))
    return hold_chain(kind, cause)


def _step(step: str, message_id: UUID | None, at: datetime) -> Link:
    return Link(what="dunning_step", name=step, id=message_id, at=at)


def _invoice(invoice: OverdueInvoice) -> Link:
    return Link(what="invoice", name=invoice.number, id=invoice.invoice_id, due_on=invoice.due_on, open=invoice.open)


def _trigger(cause: HoldCause) -> tuple[Link, ...]:
    if cause.step is not None:
        return (_step(cause.step, cause.message_id, cause.at),)
    if cause.what == "term_end":
        return (Link(what="grace_end", name="grace", at=cause.at),)
    if cause.what == "subscription_paused":
        return (Link(what="pause", name=cause.reason or "", id=cause.message_id, at=cause.at),)
    if cause.by is not None:
        return (Link(what="decision", name=f"{cause.by}: {cause.reason}", at=cause.at),)
    return ()
