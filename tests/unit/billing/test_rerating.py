"""What is foreseen of a revision is what then happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.events import CreditNoteIssued, InvoiceDrafted
from services.billing.processes.rerating import Foreseen, Trial, unchanged
from tests.unit.billing.firm import AGREED, Firm, at, totals

departures = st.dictionaries(st.sampled_from(["JFK", "LGA", "EWR"]), st.integers(0, 400))


def trial_of(firm: Firm) -> Trial:
    def version(decider: Any, id_: Any) -> int:
        return len(firm.events[decider.category, id_])

    return Trial(firm.state, version, lambda id_: firm.events["usage_period", id_], firm.now)


def foreseen(firm: Firm, flown: Mapping[str, int]) -> list[Foreseen]:
    id_ = firm.original.header.invoice_id
    return trial_of(firm).revise(firm.january.period_id, totals(flown), id_)[id_]


def happened(firm: Firm, since: int) -> list[tuple[str, int, int]]:
    """Documents that were written since so many were there."""
    found: list[tuple[str, int, int]] = []
    for event in firm.happened(InvoiceDrafted)[since:]:
        found.append(("invoice", event.totals.subtotal.minor, event.totals.tax.minor))
    for event in firm.happened(CreditNoteIssued):
        found.append(("credit_note", -(event.amount - event.tax).minor, -event.tax.minor))
    return found


@given(departures, departures, departures)
@settings(max_examples=60, deadline=None)
def test_what_is_foreseen_is_what_happens(closed: Any, first: Any, second: Any) -> None:
    firm = Firm().closed(closed)
    firm.now = at(2, 12)
    for flown in (first, second):
        drafts, credited = len(firm.happened(InvoiceDrafted)), len(firm.happened(CreditNoteIssued))
        before = {key: list(events) for key, events in firm.events.items()}
        told = foreseen(firm, flown)
        assert firm.events == before
        firm.revise(flown)
        written = happened(firm, drafts)
        done = [d for d in written if d[0] == "invoice"] + [d for d in written if d[0] == "credit_note"][credited:]
        assert sorted((d.kind, d.net, d.tax) for d in told) == sorted(done)


@pytest.mark.parametrize(
    ("policy", "days", "kind"), [("next_invoice", None, "next_invoice"), ("ignore_after", 5, "ignored")]
)
def test_the_policy_of_the_plan_says_what_becomes_of_it(policy: Any, days: int | None, kind: str) -> None:
    firm = Firm(replace(AGREED, late_usage=policy, late_usage_days=days)).closed({"JFK": 100})
    firm.now = at(2, 12)
    [told] = foreseen(firm, {"JFK": 110})
    assert (told.kind, told.net) == (kind, 1011)


def test_a_draft_would_be_changed() -> None:
    firm = Firm(replace(AGREED, review_days=3)).closed({"JFK": 100})
    assert firm.original.status == "draft"
    [told] = foreseen(firm, {"JFK": 110})
    assert (told.kind, told.net) == ("draft", 1011)
    assert firm.state(INVOICE, firm.original.header.invoice_id) == firm.original


def test_totals_that_are_known_change_nothing_whatever_proves_them() -> None:
    firm = Firm().closed({"JFK": 100})
    period = firm._usage(firm.original.header.bill)[firm.january.period_id]
    assert unchanged(period, tuple(replace(total, digest="ff") for total in totals({"JFK": 100})))
    assert not unchanged(period, totals({"JFK": 101}))
