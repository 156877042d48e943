"""All facts of a subscription, and the names under which they are stored; none is renamed or used again."""

from __future__ import annotations

from services.billing.domain.subscription import (
    events,
    interim,
    pause_events,
    transfer_events,
    trial_events,
    waiting_events,
)

SubscriptionEvent = (
    events.SubscriptionCreated
    | waiting_events.SubscriptionReleased
    | events.SubscriptionActivated
    | trial_events.TrialEnding
    | trial_events.TrialConverted
    | trial_events.TrialEnded
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
    | transfer_events.TransferScheduled
    | transfer_events.TransferWithdrawn
    | transfer_events.SubscriptionTransferred
    | events.AmendmentScheduled
    | events.SubscriptionAmended
    | pause_events.SubscriptionPaused
    | pause_events.SubscriptionResumed
    | events.BillRequested
    | interim.BilledAheadReleased
    | events.CorrectionDeferred
)

EVENT_TYPES: dict[str, type] = {
    "subscription_created": events.SubscriptionCreated,
    "subscription_released": waiting_events.SubscriptionReleased,
    "subscription_activated": events.SubscriptionActivated,
    "trial_ending": trial_events.TrialEnding,
    "trial_converted": trial_events.TrialConverted,
    "trial_ended": trial_events.TrialEnded,
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
    "transfer_scheduled": transfer_events.TransferScheduled,
    "transfer_withdrawn": transfer_events.TransferWithdrawn,
    "subscription_transferred": transfer_events.SubscriptionTransferred,
    "amendment_scheduled": events.AmendmentScheduled,
    "subscription_amended": events.SubscriptionAmended,
    "subscription_paused": pause_events.SubscriptionPaused,
    "subscription_resumed": pause_events.SubscriptionResumed,
    "bill_requested": events.BillRequested,
    "billed_ahead_released": interim.BilledAheadReleased,
    "correction_deferred": events.CorrectionDeferred,
}
