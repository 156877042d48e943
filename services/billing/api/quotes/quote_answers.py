"""From a quote as it is stored to the answer, with everything it comes to computed anew from its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from services.billing.api.catalogue.plan_forms import charge_form, minimum_form
from services.billing.api.catalogue.progressive_forms import progressive_form
from services.billing.api.quotes import quote_shown as forms
from services.billing.api.quotes.quoted_one_offs import one_off_answer
from services.billing.desk import taxation_of
from services.billing.domain.agreed_one_off import OneOffs
from services.billing.domain.agreement import AgreedLine
from services.billing.domain.customer import CUSTOMER, Customer
from services.billing.domain.quote.alternatives import Alternative
from services.billing.domain.quote.deal import Deal
from services.billing.domain.quote.lines import AnnualValues, annual_values
from services.billing.domain.quote.state import QuoteNotFound
from services.billing.domain.quote_totals import (
    Breakdown,
    PlannedInvoice,
    QuoteLineTotals,
    QuoteTotals,
    quote_totals,
)
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.taxation.lines import TaxedAs
from services.billing.processes import one_off
from services.billing.processes.ordering import subscription_id
from services.billing.projections.quotes import quotes
from shared.money import Money
from shared.periods import local_day
from shared.unit_of_work import UnitOfWork

_COLUMNS = (
    "purpose",
    "customer_id",
    "subscription_id",
    "opportunity_id",
    "external_id",
    "status",
    "version",
    "quote_id",
)
_DOCUMENT = ("valid_until", "is_stale", "approval", "approved_by", "acceptance", "reason")


def summary(row: Mapping[Any, Any]) -> forms.QuoteSummary:
    return forms.QuoteSummary(**_summary(row))


def answer(unit: UnitOfWork, row: Mapping[Any, Any], token: str | None = None) -> forms.QuoteAnswer:
    current = row["quote"]["versions"][str(row["quote"]["version"])]
    started = _started(row, current) if row["status"] == "accepted" else []
    return forms.QuoteAnswer(
        **_summary(row),
        **_offer(unit, row, current),
        subscriptions=started,
        invoice_id=one_off.invoice_id(row["quote_id"]) if _is_invoiced(row, current) else None,
        acceptance_token=token,
    )


def _is_invoiced(row: Mapping[Any, Any], accepted: Mapping[str, Any]) -> bool:
    return row["status"] == "accepted" and not accepted["lines"]


def _started(row: Mapping[Any, Any], accepted: Mapping[str, Any]) -> list[UUID]:
    """A renewal starts none: it continues the one that it names."""
    is_new = row["purpose"] == "new"
    return [subscription_id(row["quote_id"], n) for n in range(1, len(accepted["lines"]) + 1)] if is_new else []


def version(unit: UnitOfWork, row: Mapping[Any, Any], number: int) -> forms.VersionAnswer:
    wanted = row["quote"]["versions"].get(str(number))
    if wanted is None:
        raise QuoteNotFound("the quote has no such version")
    return forms.VersionAnswer(
        quote_id=row["quote_id"],
        quote_version=number,
        written_by=wanted["by"],
        valid_until=wanted["valid_until"],
        **_offer(unit, row, wanted),
    )


def of(unit: UnitOfWork, quote_id: Any, token: str | None = None) -> forms.QuoteAnswer:
    return answer(unit, quotes.get(unit, quote_id), token)


def _summary(row: Mapping[Any, Any]) -> dict[str, Any]:
    document, deal = row["quote"], row["quote"]["deal"]
    return {
        **{name: row[name] for name in _COLUMNS},
        **{name: document[name] for name in _DOCUMENT},
        "quote_version": document["version"],
        "customer": deal["party"]["key"],
        "currency": deal["party"]["currency"],
        "channel": deal["channel"],
        "requested_by": deal["requested_by"],
    }


def _offer(unit: UnitOfWork, row: Mapping[Any, Any], version: Mapping[str, Any]) -> dict[str, Any]:
    deal = msgspec.convert(row["quote"]["deal"], Deal)
    uplift = row["quote"]["uplift_percent"]
    alternatives = msgspec.convert(version["alternatives"], tuple[Alternative, ...])
    once = msgspec.convert(version["one_offs"], OneOffs)
    lines = msgspec.convert(version["lines"], tuple[AgreedLine, ...])
    totals = _totals(unit, deal, lines, once, _accepted_on(unit, deal, row))
    return _worth(deal, uplift, lines, totals) | {
        "alternatives": [
            forms.AlternativeAnswer(
                **asdict(each.terms), **_worth(deal, uplift, each.lines, _totals(unit, deal, each.lines, once))
            )
            for each in alternatives
        ],
        "one_offs": [one_off_answer(item, line) for item, line in zip(once.items, totals.one_offs, strict=True)],
        "once": _amounts(totals.once),
        "invoice": totals.invoice and _invoice(totals.invoice),
        "net_days": once.net_days,
        **version["papers"],
    }


def _accepted_on(unit: UnitOfWork, deal: Deal, row: Mapping[Any, Any]) -> date:
    """Today, as long as it is not accepted."""
    acceptance = row["quote"]["acceptance"]
    return date.fromisoformat(acceptance["accepted_on"]) if acceptance else local_day(unit.now, deal.party.zone)


def _totals(
    unit: UnitOfWork, deal: Deal, lines: Sequence[AgreedLine], once: OneOffs, accepted_on: date = date.min
) -> QuoteTotals:
    anchors, by = anchors_of(unit, deal, lines), _taxed_as(unit, deal)
    return quote_totals(lines, deal.party.currency, deal.party.zone, anchors, by, once, accepted_on)


def _worth(deal: Deal, uplift: str | None, lines: Sequence[AgreedLine], totals: QuoteTotals) -> dict[str, Any]:
    annual = annual_values(lines, deal.prior_annual, deal.party.currency)
    return {
        "lines": [_line(line, part) for line, part in zip(lines, totals.lines, strict=True)],
        "term": _amounts(totals.term),
        "annual": _annual(annual, uplift),
    }


def _taxed_as(unit: UnitOfWork, deal: Deal) -> TaxedAs:
    """As the customer would be taxed by what is known now."""
    customer: Customer | None = unit.state(CUSTOMER, deal.party.customer_id)
    return TaxedAs(customer.tax if customer else None, taxation_of(unit, customer))


def anchors_of(unit: UnitOfWork, deal: Deal, lines: Sequence[AgreedLine]) -> list[date]:
    """Billing days of a renewed term go on being counted from the first day of the subscription."""
    renewed = unit.state(SUBSCRIPTION, deal.subscription_id) if deal.subscription_id else None
    return [line.starts_on if renewed is None else renewed.last.line.anchor or renewed.anchor for line in lines]


def _line(line: AgreedLine, totals: QuoteLineTotals) -> forms.LineAnswer:
    same = {
        field.name: getattr(line, field.name) for field in fields(line) if field.name in forms.LineAnswer.model_fields
    }
    return forms.LineAnswer(
        **same
        | {
            "ends_on": line.days.end,
            "charges": [charge_form(charge) for charge in line.charges],
            "minimum": None if line.minimum is None else minimum_form(line.minimum),
            "progressive_billing": None if line.progressive is None else progressive_form(line.progressive),
            "per_period": _amounts(totals.per_period),
            "term": _amounts(totals.term),
            "annual_minor": totals.annual_value.minor,
            "first_invoices": [_invoice(invoice) for invoice in totals.first_invoices],
        }
    )


def _invoice(invoice: PlannedInvoice) -> forms.PlannedInvoiceAnswer:
    return forms.PlannedInvoiceAnswer(
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        lines=[
            forms.PlannedLine(
                charge=line.charge.code,
                name=line.charge.name,
                starts_on=line.period.start,
                ends_on=line.period.end,
                list_minor=line.list_amount.minor,
                discount_minor=line.discount.minor,
                net_minor=line.net.minor,
                discounts=_by_reason(line.discounts),
            )
            for line in invoice.lines
        ],
        metered=list(invoice.metered),
        subtotal_minor=invoice.totals.subtotal.minor,
        taxes={rate: tax.minor for rate, tax in invoice.totals.taxes.items()},
        tax_minor=invoice.totals.tax.minor,
        total_minor=invoice.totals.total.minor,
    )


def _amounts(breakdown: Breakdown) -> forms.Amounts:
    return forms.Amounts(
        list_minor=breakdown.list_amount.minor,
        discount_minor=breakdown.discount.minor,
        net_minor=breakdown.net.minor,
        tax_minor=breakdown.tax.minor,
        total_minor=breakdown.total.minor,
        discounts=_by_reason(breakdown.discounts),
    )


def _by_reason(discounts: Mapping[str, Money]) -> dict[str, int]:
    return {reason: off.minor for reason, off in discounts.items()}


def _annual(annual: AnnualValues, uplift: str | None) -> forms.AnnualAnswer:
    return forms.AnnualAnswer(
        prior_minor=annual.prior.minor,
        uplift_percent=None if uplift is None else Decimal(uplift),
        list_minor=annual.list_amount.minor,
        discount_minor=annual.discount.minor,
        booked_minor=annual.booked.minor,
    )
