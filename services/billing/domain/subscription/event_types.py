"""All facts of a subscription, and the names under which they are stored; none is renamed or used again."""

from __future__ import annotations

from services.billing.domain.subscription import events

SubscriptionEvent = (
    events.SubscriptionCreated
    | events.SubscriptionActivated
    | events.TrialConverted
    | events.TrialEnded
    | events.TermStarted
    | events.TermRenewed
    | events.LegalNoticeRecorded
    | events.AutoRenewalRefused
    | events.ReinstatementFeeAssessed
    | events.LateFeeAssessed
    | events.SubscriptionTermEnding
    | events.NonRenewalRequested
    | events.NonRenewalWithdrawn
    | events.SubscriptionTermEnded
    | events.SubscriptionExpired
    | events.CancellationScheduled
    | events.SubscriptionCancelled
    | events.AmendmentScheduled
    | events.SubscriptionAmended
    | events.SubscriptionPaused
    | events.SubscriptionResumed
    | events.BillRequested
    | events.CorrectionDeferred
)

EVENT_TYPES: dict[str, type] = {
    "subscription_created": events.SubscriptionCreated,
    "subscription_activated": events.SubscriptionActivated,
    "trial_converted": events.TrialConverted,
    "trial_ended": events.TrialEnded,
    "term_started": events.TermStarted,
    "term_renewed": events.TermRenewed,
    "legal_notice_recorded": events.LegalNoticeRecorded,
    "auto_renewal_refused": events.AutoRenewalRefused,
    "reinstatement_fee_assessed": events.ReinstatementFeeAssessed,
    "late_fee_assessed": events.LateFeeAssessed,
    "subscription_term_ending": events.SubscriptionTermEnding,
    "non_renewal_requested": events.NonRenewalRequested,
    "non_renewal_withdrawn": events.NonRenewalWithdrawn,
    "subscription_term_ended": events.SubscriptionTermEnded,
    "subscription_expired": events.SubscriptionExpired,
    "cancellation_scheduled": events.CancellationScheduled,
    "subscription_cancelled": events.SubscriptionCancelled,
    "amendment_scheduled": events.AmendmentScheduled,
    "subscription_amended": events.SubscriptionAmended,
    "subscription_paused": events.SubscriptionPaused,
    "subscription_resumed": events.SubscriptionResumed,
    "bill_requested": events.BillRequested,
    "correction_deferred": events.CorrectionDeferred,
}
