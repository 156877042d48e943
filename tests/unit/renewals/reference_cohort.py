"""Ten renewals due in the third quarter of 2026, whose metrics were worked out by hand."""

from __future__ import annotations

from datetime import date

from services.renewals.domain.metrics.cohort import CohortMember
from services.renewals.domain.opportunity.value import RenewalValue
from shared.money import Money
from shared.periods import Days

THIRD_QUARTER = Days(date(2026, 7, 1), date(2026, 10, 1))

# opp cust seg region base expiry state decided renewed prior/unit list/unit discount upsell cross term cost, in dollars
_TABLE = """
O1  C1 ENT NA 120000 07-15 won  06-30 100 1200 1260 6000 24000     0 12 3000
O2  C2 ENT WE  90000 07-31 won  07-31  90 1000 1050    0     0 12000 36 2500
O3  C3 SMB NA  10000 08-01 won  08-20  10 1000 1050  500     0     0 12  600
O4  C4 SMB EE   8000 08-10 lost 08-05   -    -    -    -     -     -  -  400
O5  C5 MID WE  40000 08-31 won  09-10  30 1000 1050 1500     0     0 12 1800
O6  C6 MID NA  30000 09-05 won  09-01  30 1000 1050    0  5250     0 24 1200
O7  C7 SMB EE   6000 09-10 lost 09-25   -    -    -    -     -     -  -  350
O8  C8 SMB EE   9000 09-20 open     -   -    -    -    -     -     -  -  300
O9  C1 ENT NA  60000 09-25 won  09-25  60 1000 1000 4000     0     0 12 1000
O10 C9 SMB WE  27000 09-30 won  09-29  27 1000 1050 1350     0  3000 12  850
"""


def dollars(amount: str | int) -> Money:
    return Money(int(amount) * 100, "USD")


def _day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def _member(row: str) -> CohortMember:
    _, customer, segment, region, base, due, state, decided, *rest = row.split()
    *parts, months, cost = rest
    won = state == "won"
    return CohortMember(
        customer=customer,
        state=state,
        base=dollars(base),
        due_on=_day(due),
        decided_on=None if decided == "-" else _day(decided),
        value=_value(*map(int, parts)) if won else None,
        term_months=int(months) if won else 12,
        cost=dollars(cost),
        dimensions={"segment": segment, "region": region, "customer": customer},
    )


def _value(quantity: int, prior: int, listed: int, discount: int, upsell: int, cross_sell: int) -> RenewalValue:
    return RenewalValue(
        prior_at_quantity=dollars(quantity * prior),
        list_value=dollars(quantity * listed),
        discount=dollars(discount),
        upsell=dollars(upsell),
        cross_sell=dollars(cross_sell),
    )


COHORT = [_member(row) for row in _TABLE.strip().splitlines()]
