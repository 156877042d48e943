"""The entries that the streams of a firm come to, and what stands on its accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from services.billing.domain.ledger.posting import Entry
from services.billing.domain.ledger.rules import entries
from services.billing.domain.ledger.telling import Telling
from tests.unit.billing.firm import Firm

LAST = date.max


def of_stream(events: Sequence[Any], at: datetime = datetime(2013, 2, 1, 5, tzinfo=UTC)) -> Iterator[Entry]:
    for number, event in enumerate(events):
        yield from entries(Telling(event, at, tuple(events[:number])))


def of_firm(firm: Firm) -> list[Entry]:
    return [e for (category, _), events in firm.events.items() if category == "invoice" for e in of_stream(events)]


def balances(found: Sequence[Entry], until: date = LAST) -> Counter[str]:
    """Debits less credits by account, of what is effective by the end of a day; accounts at zero are left out."""
    sums: Counter[str] = Counter()
    for entry in found:
        for posting in entry.postings:
            sums[posting.account] += posting.amount.minor if entry.effective_on <= until else 0
    return Counter({account: amount for account, amount in sums.items() if amount})
