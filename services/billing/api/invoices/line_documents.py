"""Lines of invoices as `LineOut` describes them, straight from what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from services.billing.api.amounts import plain
from services.billing.api.invoices.stored_invoices import StoredLine, StoredTier, are_plain
from shared.http.ready import Document

Stored = Mapping[str, Any]


def line_document(line: Stored) -> Document:
    """Of a line as it was stored, with tiers that everybody can read."""
    stored = msgspec.convert(line, StoredLine)
    return of_line(stored) | {"tiers": [_tier(tier) for tier in stored.tiers]}


def of_line(line: StoredLine) -> Document:
    """The order is that of `LineOut`."""
    taxes = [_tax(tax) for tax in line.taxes]
    return {
        **_charged(line),
        **_made_of(line),
        "amendment": line.amendment,
        "priced_minor": line.amount["minor"] + sum(tax["included_minor"] or 0 for tax in taxes),
        "tax_category": line.tax_category,
        "tax_inclusive": line.tax_inclusive,
        "taxes": taxes,
        "edit": line.edit,
        "adjustments": [{"edit": each["edit"], "amount_minor": each["amount"]["minor"]} for each in line.adjustments],
        "subscription_id": line.subscription_id and id_text("sub", line.subscription_id),
        "cost_centre": line.cost_centre,
    }


def _charged(line: StoredLine) -> Document:
    return {
        "number": line.number,
        "kind": line.kind,
        "charge": line.charge,
        "description": line.description,
        "group": line.group,
        "quantity": _plain(line.quantity),
        "amount_minor": line.amount["minor"],
        "residue": _plain(line.residue),
        "tax_rates": line.tax_rates,
        "revenue_class": line.revenue_class,
        "starts_on": line.starts_on,
        "ends_on": line.ends_on,
        "plan": line.plan,
        "plan_version": line.plan_version,
        "term_number": line.term_number,
        "quote_id": line.quote_id and id_text("quo", line.quote_id),
    }


def _made_of(line: StoredLine) -> Document:
    proof, credits_ = line.proof, line.credits
    return {
        "tiers": line.tiers if are_plain(line.tiers) else [_tier(tier) for tier in line.tiers],
        "proof": proof and {"period_id": id_text("per", proof["period_id"]), **{n: proof[n] for n in _PROOF}},
        "corrects": _corrected_line(line.corrects),
        "discounts": [{"coupon": each["coupon"], "amount_minor": each["amount"]["minor"]} for each in line.discounts],
        "credits": credits_ and {"code": credits_["code"], **{n: _plain(credits_[n]) for n in _CREDITS}},
    }


def id_text(prefix: str, id_: str) -> str:
    """Ids are text in the document."""
    return f"{prefix}_{id_.replace('-', '')}"


def _tier(tier: StoredTier) -> Document:
    return {
        "from_quantity": _plain(tier.from_quantity),
        "up_to": None if tier.up_to is None else _plain(tier.up_to),
        "quantity": _plain(tier.quantity),
        "unit_amount": _plain(tier.unit_amount),
        "flat_amount": _plain(tier.flat_amount),
        "amount": _plain(tier.amount),
    }


def _tax(tax: Stored) -> Document:
    included = tax["included"]
    return {
        "rate": tax["rate"],
        "code": tax["code"],
        "category": tax["category"],
        "place": tax["place"],
        "since": tax["since"],
        "compound": tax["compound"],
        "included_minor": included and included["minor"],
        "waived": tax["waived"],
    }


def _corrected_line(stored: Stored | None) -> Document | None:
    if stored is None:
        return None
    return {
        "correction_id": id_text("cor", stored["correction_id"]),
        "invoice_id": id_text("inv", stored["invoice_id"]),
        "invoice": stored["invoice"],
        "line": stored["line"],
        "before_minor": stored["before"]["minor"],
        "after_minor": stored["after"]["minor"],
        "quantity_before": _plain(stored["quantity_before"]),
        "quantity_after": _plain(stored["quantity_after"]),
    }


def _plain(text: str) -> str:
    """As `plain` writes it: most decimals are stored like that."""
    return plain(Decimal(text)) if "E" in text or text[0] == "-" else text


_PROOF = ("revision", "count", "digest")
_CREDITS = ("quantity", "unit_amount")
