"""Subscriptions and usage periods in the words of the published language."""

from __future__ import annotations

from typing import Any

from services.billing.domain.subscription import events, pause_events, transfer_events, trial_events, waiting_events
from services.billing.domain.usage_period import UsagePeriodOpened, UsagePeriodShortened
from shared.contracts import billing as contracts
from shared.contracts import billing_terms as terms
from shared.messages import Contract


def subscription_contract(event: Any) -> Contract | None:
    match event:
        case events.SubscriptionCreated(waits_for=str()) | events.SubscriptionCancelled(waited_for=str()):
            return None  # nobody else hears of it
        case events.SubscriptionCreated(facts=facts) | waiting_events.SubscriptionReleased(facts=facts):
            return contracts.SubscriptionCreatedV1(**_facts(facts))
        case events.SubscriptionAmended():
            return _amended(event)
        case events.SubscriptionCancelled():
            return _cancelled(event)
        case transfer_events.SubscriptionTransferred():
            return _transferred(event)
        case pause_events.SubscriptionPaused(facts=facts, pause=pause):
            return terms.SubscriptionPausedV1(
                **_facts(facts), paused_at=pause.at, until=pause.until, reason=pause.reason
            )
        case pause_events.SubscriptionResumed(facts=facts, resumption=resumption):
            extended_from = resumption.extension.ended_on if resumption.extension else None
            return terms.SubscriptionResumedV1(**_facts(facts), resumed_at=resumption.at, extended_from=extended_from)
        case _:
            return None


def trial_contract(event: Any) -> Contract | None:
    match event:
        case trial_events.TrialEnding(facts=facts, days_left=days_left, converts=converts):
            return terms.TrialEndingV1(**_facts(facts), days_left=days_left, converts=converts)
        case trial_events.TrialConverted(facts=facts, at=at):
            return terms.TrialConvertedV1(**_facts(facts), converted_at=at)
        case trial_events.TrialEnded(facts=facts, at=at):
            return terms.TrialEndedV1(**_facts(facts), ended_at=at)
        case _:
            return None


def term_contract(event: Any) -> Contract | None:
    match event:
        case events.TermStarted(facts=facts):
            return contracts.TermStartedV1(**_facts(facts))
        case events.TermRenewed(facts=facts, mode=mode, renewed_at=renewed_at, reinstated=reinstated):
            return contracts.TermRenewedV1(**_facts(facts), mode=mode, renewed_at=renewed_at, reinstated=reinstated)
        case events.SubscriptionTermEnding(facts=facts, days_left=days_left):
            return contracts.SubscriptionTermEndingV1(**_facts(facts), days_left=days_left)
        case events.SubscriptionTermEnded(facts=facts, successor_subscription_id=successor):
            return contracts.SubscriptionTermEndedV1(**_facts(facts), successor_subscription_id=successor)
        case events.SubscriptionExpired(facts=facts):
            return contracts.SubscriptionExpiredV1(**_facts(facts))
        case _:
            return None


def notice_contract(event: Any) -> Contract | None:
    match event:
        case events.NonRenewalRequested(facts=facts, reason=reason, successor_subscription_id=successor):
            return contracts.NonRenewalRequestedV1(**_facts(facts), reason=reason, successor_subscription_id=successor)
        case events.NonRenewalWithdrawn(facts=facts):
            return contracts.NonRenewalWithdrawnV1(**_facts(facts))
        case events.LegalNoticeRecorded(facts=facts, notice=notice):
            return terms.LegalNoticeRecordedV1(
                **_facts(facts), sent_at=notice.sent_at, channel=notice.channel, reference=notice.reference
            )
        case events.AutoRenewalRefused(facts=facts, reason=reason):
            return terms.AutoRenewalRefusedV1(**_facts(facts), reason=reason)
        case _:
            return None


def usage_period_contract(event: Any) -> Contract | None:
    """What others than usage meter is for billing to count."""
    match event:
        case UsagePeriodOpened(outcome=None):
            return _usage_period_opened(event)
        case UsagePeriodShortened(subscription_id=subscription_id, item=item, ends_at=ends_at, outcome=None):
            return contracts.UsagePeriodShortenedV1(
                period_id=item.period_id, subscription_id=subscription_id, ends_at=ends_at
            )
        case _:
            return None


def _amended(event: events.SubscriptionAmended) -> Contract:
    amendment = event.amendment
    return contracts.SubscriptionAmendedV1(
        **_facts(event.facts),
        amended_at=amendment.agreed_at,
        effective_on=amendment.effective_on,
        previous_base_minor=event.before.minor,
    )


def _cancelled(event: events.SubscriptionCancelled) -> Contract:
    cancellation = event.cancellation
    return contracts.SubscriptionCancelledV1(
        **_facts(event.facts),
        cancelled_at=cancellation.at,
        credit=cancellation.credit,
        reason=cancellation.reason,
    )


def _transferred(event: transfer_events.SubscriptionTransferred) -> Contract:
    transfer = event.transfer
    return terms.SubscriptionTransferredV1(
        **_facts(event.facts),
        transferred_at=transfer.at,
        to_customer_id=transfer.to.customer_id,
        to_customer_key=transfer.to.key,
        to_subscription_id=transfer.subscription_id,
    )


def _facts(facts: events.Facts) -> dict[str, Any]:
    party, renewal = facts.party, facts.renewal
    return {
        "subscription_id": facts.subscription_id,
        "customer_id": party.customer_id,
        "customer_key": party.key,
        "zone": party.zone,
        "currency": party.currency,
        "plan": facts.plan,
        "plan_version": facts.plan_version,
        "features": facts.features,
        "term_number": facts.term_number,
        "starts_on": facts.starts_on,
        "ends_on": facts.ends_on,
        "starts_at": facts.starts_at,
        "ends_at": facts.ends_at,
        "grace_days": renewal.grace_days,
        "reinstatement_days": renewal.reinstatement_days,
        "renewal_policy": renewal.policy,
        "renewal_policy_version": renewal.version,
        "base_minor": facts.base.minor,
        "quantity": facts.quantity,
    }


def _usage_period_opened(event: UsagePeriodOpened) -> contracts.UsagePeriodOpenedV1:
    return contracts.UsagePeriodOpenedV1(
        period_id=event.item.period_id,
        subscription_id=event.subscription_id,
        customer_id=event.customer_id,
        charge=event.item.charge,
        subjects=list(event.subjects),
        meter=event.meter,
        group_by=list(event.group_by),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        collect_seconds=event.collect_seconds,
    )
