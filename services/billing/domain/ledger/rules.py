"""Which events move money, and what each says in accounts: every event stands in one table or in the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from services.billing.domain.invoice.events import (
    CreditNoteIssued,
    InvoiceIssued,
    InvoiceRecovered,
    InvoiceVoided,
    InvoiceWrittenOff,
    PaymentAllocated,
)
from services.billing.domain.ledger import invoices, losses, payments, wallets
from services.billing.domain.ledger.posting import Entry
from services.billing.domain.ledger.telling import Telling
from services.billing.domain.payment.events import (
    PaymentApplied,
    PaymentChargedBack,
    PaymentReceived,
    PaymentRefunded,
    PaymentWithdrawn,
)
from services.billing.domain.wallet.events import (
    CreditDrawn,
    CreditExpired,
    CreditGranted,
    CreditRestored,
    CreditRevoked,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """`event` is its stored name. `needs_before` where it does not say all: then what happened to its stream before is
    looked up."""

    event: str
    entries: Callable[[Telling[Any]], Iterable[Entry]]
    needs_before: bool = False


RULES: dict[type, Rule] = {
    InvoiceIssued: Rule("invoice_issued", invoices.issued, needs_before=True),
    InvoiceVoided: Rule("invoice_voided", invoices.voided, needs_before=True),
    InvoiceWrittenOff: Rule("invoice_written_off", losses.written_off),
    InvoiceRecovered: Rule("invoice_recovered", losses.recovered),
    CreditNoteIssued: Rule("credit_note_issued", invoices.credited, needs_before=True),
    PaymentAllocated: Rule("payment_allocated", payments.allocated),
    PaymentReceived: Rule("payment_received", payments.received),
    PaymentApplied: Rule("payment_applied", payments.applied),
    PaymentWithdrawn: Rule("payment_withdrawn", payments.withdrawn),
    PaymentRefunded: Rule("payment_refunded", payments.refunded),
    PaymentChargedBack: Rule("payment_charged_back", payments.charged_back),
    CreditGranted: Rule("credit_granted", wallets.granted),
    CreditDrawn: Rule("credit_drawn", wallets.drawn),
    CreditRestored: Rule("credit_restored", wallets.restored),
    CreditExpired: Rule("credit_expired", wallets.expired),
    CreditRevoked: Rule("credit_revoked", wallets.revoked),
}

# By stored name. Corrections are noted and answered, and subscriptions amended and cancelled: the documents that follow are
# invoices and credit notes. What an invoice says of a payment that was returned, the payment says as well, and books; what a
# payment says of credit that it bought, the wallet does. What rolls over from wallet to wallet stays on its account.
WITHOUT_MONEY = frozenset(
    {
        "accounting_period_closed",
        "billed_ahead_released",
        "used_so_far_recorded",
        "clock_set",
        "coupon_changed",
        "customer_changed",
        "meter_noted",
        "parked_message_decided",
        "plan_published",
        "policy_noted",
        "product_changed",
        "settings_changed",
        "tax_rates_changed",
        "quote_accepted",
        "quote_approval_requested",
        "quote_approved",
        "quote_declined",
        "quote_drafted",
        "quote_expired",
        "quote_outdated",
        "quote_refused",
        "quote_revised",
        "quote_sent",
        "quote_withdrawn",
        "amendment_scheduled",
        "bill_requested",
        "cancellation_scheduled",
        "correction_deferred",
        "non_renewal_requested",
        "non_renewal_withdrawn",
        "reinstatement_fee_assessed",
        "subscription_released",
        "subscription_activated",
        "subscription_amended",
        "subscription_cancelled",
        "subscription_created",
        "subscription_expired",
        "subscription_paused",
        "subscription_resumed",
        "subscription_term_ended",
        "subscription_transferred",
        "subscription_term_ending",
        "term_renewed",
        "legal_notice_recorded",
        "auto_renewal_refused",
        "term_started",
        "transfer_scheduled",
        "transfer_withdrawn",
        "trial_converted",
        "trial_ending",
        "trial_ended",
        "usage_period_closed",
        "usage_period_opened",
        "usage_period_part_told",
        "usage_period_revised",
        "usage_period_shortened",
        "correction_answered",
        "correction_noted",
        "invoice_discarded",
        "invoice_drafted",
        "invoice_held",
        "invoice_line_added",
        "invoice_line_adjusted",
        "invoice_line_removed",
        "invoice_overdue",
        "invoice_paid",
        "invoice_recalculated",
        "invoice_released",
        "autopay_failed",
        "autopay_pending",
        "autopay_postponed",
        "autopay_requested",
        "autopay_scheduled",
        "autopay_succeeded",
        "bank_entry_imported",
        "bank_entry_matched",
        "bank_entry_set_aside",
        "charge_disputed",
        "charge_failed",
        "charge_refund_told",
        "charge_succeeded",
        "late_fee_assessed",
        "late_fee_scheduled",
        "payment_plan_agreed",
        "payment_plan_broken",
        "payment_plan_kept",
        "payment_plan_withdrawn",
        "payment_profile_changed",
        "payment_returned",
        "credit_bought",
        "credit_returned",
        "credit_received",
        "credit_purchase_failed",
        "credit_purchase_pending",
        "credit_purchase_requested",
        "credit_purchased",
        "top_up_held",
        "top_up_set",
        "budget_reached",
        "budget_set",
        "budget_withdrawn",
        "top_up_stopped",
        "top_up_switched_off",
        "wallet_watched",
        "won_renewal_noted",
        "credit_rolled_over",
        "refund_failed",
        "refund_pending",
        "refund_requested",
        "debt_recovered",
        "debt_reduced",
        "debt_restored",
        "debt_tracked",
        "debt_written_off",
        "debts_held",
        "debts_released",
        "dunning_cleared",
        "dunning_step_reached",
    }
)


def entries(told: Telling[Any]) -> list[Entry]:
    """What an event says in accounts; nothing where no money moves."""
    rule = RULES.get(type(told.event))
    return [] if rule is None else list(rule.entries(told))
