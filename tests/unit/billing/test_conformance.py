"""A subscription and its invoices beside the quotes that were accepted for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.quote.deal import Deal
from services.billing.domain.quote.state import Quote
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.changes import Pause
from services.billing.processes.conformance import Deviation, compare_term, invoiced_otherwise, of_line, quoted_line
from services.billing.processes.ordering import subscription_id
from services.billing.processes.verification import Log
from tests.unit.billing.firm import AGREED, FEE, GATES, Firm, at
from tests.unit.billing.prices import per_unit

CAPPED = replace(GATES, price=replace(GATES.price, maximum_amount=Decimal(20)))


def quoted(*lines: AgreedLine, purpose: Any = "renewal", status: Any = "accepted") -> Quote:
    deal = Deal(
        quote_id=UUID(int=2), purpose=purpose, party=Firm().state(SUBSCRIPTION, Firm().id).party, requested_by="rita"
    )
    return Quote(deal=deal, lines=lines, valid_until=None, authors=frozenset(), status=status)


def found(firm: Firm, line: AgreedLine) -> list[tuple[str, int, str]]:
    """Where the original and its corrections are otherwise than the line would have them."""
    events, bill = firm.events, firm.original.header.bill
    log = Log(events["subscription", firm.id], {i.period_id: events["usage_period", i.period_id] for i in bill.usage})
    differences = invoiced_otherwise(events["invoice", firm.original.header.invoice_id], log, {1: line})
    return [(each.document, each.line, each.field) for each in differences]


def deviations(line: AgreedLine) -> list[Deviation]:
    subscription = Firm().state(SUBSCRIPTION, Firm().id)
    return list(compare_term(subscription, subscription.term(1), line))


def test_what_was_quoted_and_billed_conforms_with_its_corrections() -> None:
    firm = Firm().closed({"JFK": 30})
    firm.now = at(2, 12)
    firm.revise({"JFK": 40})
    assert found(firm, AGREED) == [] and deviations(AGREED) == []


@pytest.mark.parametrize(
    ("changed", "what", "charge"),
    [
        ({"charges": (replace(FEE, price=per_unit("14")), GATES)}, "price", "fee"),
        ({"charges": (FEE, CAPPED)}, "cap", "gates"),
        ({"discount_percent": Decimal(10)}, "discount", None),
        ({"quantity": 2}, "quantity", None),
        ({"minimum": None}, "minimum", None),
        ({"term_months": 24}, "term", None),
        ({"charges": (replace(FEE, tax_rates=()), GATES)}, "tax", "fee"),
        ({"charges": (FEE,)}, "price", "gates"),
    ],
)
def test_what_the_term_was_not_made_with_is_named(changed: Any, what: str, charge: str | None) -> None:
    assert [(each.what, each.charge) for each in deviations(replace(AGREED, **changed))] == [(what, charge)]


def test_lines_that_would_be_otherwise_name_the_field_and_corrections_follow() -> None:
    firm = Firm().closed({"JFK": 30})
    number = firm.original.issued.number
    assert (number, 1, "amount") in found(firm, replace(AGREED, discount_percent=Decimal(10)))
    firm.now = at(2, 12)
    firm.revise({"JFK": 60})
    documents = {document for document, *_ in found(firm, replace(AGREED, charges=(FEE, CAPPED)))}
    assert documents == {number, f"{number}, gates at revision 1"}


def test_a_term_without_an_accepted_quote_says_so() -> None:
    firm = Firm()
    subscription = firm.state(SUBSCRIPTION, firm.id)
    (term,) = subscription.terms
    assert quoted_line(subscription, term, None) is None
    assert quoted_line(subscription, term, quoted(AGREED, status="withdrawn")) is None
    assert quoted_line(subscription, term, quoted(AGREED)) == AGREED
    assert [each.what for each in compare_term(subscription, term, None)] == ["quote"]


def test_each_subscription_of_a_quote_has_its_own_line() -> None:
    firm, other = Firm(), replace(AGREED, quantity=7)
    subscription = firm.state(SUBSCRIPTION, firm.id)
    term = subscription.terms[0]
    second = replace(subscription, subscription_id=subscription_id(term.quote_id, 2))
    assert quoted_line(second, term, quoted(AGREED, other, purpose="new")) == other
    assert quoted_line(subscription, term, quoted(AGREED, other, purpose="new")) is None


def test_a_line_lies_in_the_term_that_was_accepted() -> None:
    firm = Firm().closed({"JFK": 30})
    subscription, line = firm.state(SUBSCRIPTION, firm.id), firm.original.lines[1]
    assert list(of_line(line, subscription, AGREED)) == []
    [late] = of_line(replace(line, ends_on=line.ends_on.replace(year=2014)), subscription, AGREED)
    assert (late.what, late.charge) == ("term", "gates")


def test_days_that_a_pause_added_to_the_term_were_agreed_by_the_pause() -> None:
    firm = Firm().closed({"JFK": 30})
    subscription, line = firm.state(SUBSCRIPTION, firm.id), firm.original.lines[1]
    pause = Pause(number=1, at=at(1, 5), on=date(2013, 1, 5), until=date(2013, 1, 15), reason="works", extend=True)
    longer = subscription.with_resumption(subscription.resumption(pause, at(1, 15)))
    [term], same = longer.terms, replace(AGREED)
    assert term.ends_on == date(2014, 1, 11)
    assert list(compare_term(longer, term, same)) == []
    assert [each.what for each in compare_term(longer, term, replace(AGREED, term_months=11))] == ["term"]
    assert list(of_line(replace(line, ends_on=date(2014, 1, 11)), longer, same)) == []
    assert [each.what for each in of_line(replace(line, ends_on=date(2014, 1, 12)), longer, same)] == ["term"]
