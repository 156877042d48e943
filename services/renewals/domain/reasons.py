"""Why customers do not renew: a fixed list, so that losses can be counted and the avoidable ones named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.errors import DomainError

ChurnClass = Literal[
    "churn", "migration", "downsell_or_churn", "unresolved", "involuntary", "superseded", "vendor_initiated"
]
Addressable = Literal["yes", "partly", "no", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    churn_class: ChurnClass
    addressable: Addressable
    needs_successor: bool = False

    def supersedes(self, *, successor_known: bool) -> bool:
        """A migration leaves the cohort only where its value can be found again: with the successor."""
        return self.churn_class == "superseded" or (self.churn_class == "migration" and successor_known)


class UnknownReason(DomainError):
    pass


REASONS = {
    reason.code: reason
    for reason in (
        Reason("budget_lost", "churn", "partly"),
        Reason("product_decommissioned", "churn", "no"),
        Reason("competitor_chosen", "churn", "yes"),
        Reason("newly_released_product_chosen", "migration", "not_applicable"),
        Reason("migrated_to_successor", "migration", "not_applicable", needs_successor=True),
        Reason("terms_disliked", "churn", "yes"),
        Reason("price_increase", "churn", "yes"),
        Reason("no_perceived_value", "churn", "yes"),
        Reason("support_not_needed", "downsell_or_churn", "yes"),
        Reason("never_contacted", "churn", "yes"),
        Reason("no_response", "unresolved", "yes"),
        Reason("payment_failed", "involuntary", "yes"),
        Reason("cancelled_in_term", "churn", "partly"),
        Reason("business_closed_or_acquired", "churn", "no"),
        Reason("champion_left", "churn", "yes"),
        Reason("product_gap", "churn", "yes"),
        Reason("consolidated_into_other_contract", "superseded", "not_applicable"),
        Reason("channel_change", "superseded", "not_applicable"),
        Reason("transferred_to_other_customer", "superseded", "not_applicable", needs_successor=True),
        Reason("compliance_or_fraud", "vendor_initiated", "not_applicable"),
    )
}

# Other words for the same reason, as people type them.
SYNONYMS = {"under_used": "no_perceived_value", "late_contact": "never_contacted", "quality": "product_gap"}


def reason_for(code: str) -> Reason:
    try:
        return REASONS[SYNONYMS.get(code, code)]
    except KeyError:
        raise UnknownReason(f"the reason must be one of {', '.join(REASONS)}", field="/reason") from None
