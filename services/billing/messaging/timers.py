"""What billing does when a due date comes."""

from __future__ import annotations

from collections.abc import Mapping

from services.billing.messaging.collecting_timers import (
    autopay,
    autopay_given_up,
    budget_check,
    credit_expiry,
    dunning_step,
    instalments_due,
    late_fee,
    payment_plan_review,
    purchase_given_up,
    top_up,
)
from services.billing.messaging.contract_timers import (
    amendments,
    cancellation,
    cut_periods,
    latest_start,
    notice_deadline,
    outdated_quotes,
    pause_end,
    period_start,
    quote_expiry,
    renewed_periods,
    superseded_quotes,
    term_end,
    term_ending,
    term_start,
    transfer,
    trial_end,
    trial_ending,
    window_end,
)
from services.billing.messaging.from_outcomes import outcomes_due
from services.billing.messaging.invoice_timers import (
    before_bills,
    before_consolidations,
    bill,
    consolidation,
    estimate,
    invoice_overdue,
    review_over,
    unused_time,
)
from shared.timers import Preparation, TimerHandler

PREPARATIONS: Mapping[str, Preparation] = {"bill": before_bills, "consolidation": before_consolidations}

TIMERS: Mapping[str, TimerHandler] = {
    handler.__name__: handler
    for handler in (
        quote_expiry,
        amendments,
        cancellation,
        transfer,
        pause_end,
        outdated_quotes,
        trial_end,
        trial_ending,
        notice_deadline,
        superseded_quotes,
        latest_start,
        term_start,
        term_ending,
        term_end,
        window_end,
        period_start,
        renewed_periods,
        cut_periods,
        outcomes_due,
        bill,
        estimate,
        consolidation,
        unused_time,
        review_over,
        credit_expiry,
        top_up,
        purchase_given_up,
        budget_check,
        invoice_overdue,
        late_fee,
        autopay,
        autopay_given_up,
        dunning_step,
        instalments_due,
        payment_plan_review,
    )
}
