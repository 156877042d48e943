"""What each event writes into the row of a subscription."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Text, bindparam, case, cast, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.billing.domain.agreement import AgreedLine, RampPhase
from services.billing.domain.subscription.changes import Amendment, Cancellation, Origin, Transfer, Trial
from services.billing.domain.subscription.events import (
    AmendmentScheduled,
    CancellationScheduled,
    Facts,
    NonRenewalRequested,
    NonRenewalWithdrawn,
    SubscriptionActivated,
    SubscriptionAmended,
    SubscriptionCancelled,
    SubscriptionCreated,
    SubscriptionExpired,
    SubscriptionTermEnded,
    Term,
    TermRenewed,
)
from services.billing.domain.subscription.pause_events import SubscriptionPaused, SubscriptionResumed
from services.billing.domain.subscription.transfer_events import (
    SubscriptionTransferred,
    TransferScheduled,
    TransferWithdrawn,
)
from services.billing.domain.subscription.trial_events import TrialConverted, TrialEnded
from services.billing.domain.subscription.waiting_events import SubscriptionReleased
from services.billing.tables import subscriptions
from shared.event_store import Recorded
from shared.periods import plus_months


def row(entry: Recorded, event: SubscriptionCreated) -> dict[str, Any]:
    party = event.facts.party
    return {
        "tenant_id": entry.tenant_id,
        "subscription_id": entry.stream_id,
        "customer_id": party.customer_id,
        "customer_key": party.key,
        "status": "scheduled",
        "version": entry.version,
        "subscription": {
            "currency": party.currency,
            "zone": party.zone,
            "successor_subscription_id": None,
            "cancellation": None,
            "transfer": None,
            "transferred_from": None if event.origin is None else _origin(event.origin),
            "amendments": [],
            "pauses": [],
            "trial": None if event.trial is None else _trial(event.trial),
            "terms": [] if event.waits_for == "start" else [_term(event.facts, event.term)],
            **_rule(event),
        },
    }


def _rule(event: SubscriptionCreated) -> dict[str, Any]:
    """Only where there is one, as rows were before there were rules."""
    line = event.term.line
    if (line.payment, line.starts) == ("on_invoice", "date"):
        return {}
    latest_start = line.latest_start and line.latest_start.isoformat()
    told = {"payment": line.payment, "starts": line.starts, "latest_start": latest_start, "start": None}
    return told | {"waits_for": event.waits_for, "released_at": None}


def _trial(trial: Trial) -> dict[str, Any]:
    """Without the day of the reminder where there is none, as rows were before there were reminders."""
    told = msgspec.to_builtins(trial) | {"converted_at": None}
    return {name: value for name, value in told.items() if name != "reminded_on" or value is not None}


def changes_of(event: object) -> dict[str, Any]:
    match event:
        case SubscriptionActivated():
            return {"status": _trialing_or_active()}
        case SubscriptionReleased():
            return {"subscription": _released(event)}
        case TrialConverted():
            return {"status": "active", "subscription": _converted(event)}
        case TermRenewed(facts=facts, term=term):
            return {"status": _unless("scheduled", "paused", "active"), "subscription": _with_term(facts, term)}
        case NonRenewalRequested(successor_subscription_id=successor):
            return {
                "status": _unless("paused", "lapsed", "expired", "non_renewing"),
                "subscription": _with_successor(successor),
            }
        case NonRenewalWithdrawn():
            return {"status": _unless("paused", "active"), "subscription": _with_successor(None)}
        case SubscriptionTermEnded():
            return {"status": "lapsed"}
        case SubscriptionExpired() | TrialEnded():
            return {"status": "expired"}
        case _:
            return _of_change(event)


def _of_change(event: object) -> dict[str, Any]:
    match event:
        case AmendmentScheduled(amendment=amendment):
            return {"subscription": _with_amendment(subscriptions.c.subscription, amendment, has_taken_effect=False)}
        case SubscriptionAmended(facts=facts, amendment=amendment):
            return {"subscription": _amended(facts, amendment)}
        case CancellationScheduled(cancellation=cancellation):
            return {"subscription": _with_cancellation(cancellation)}
        case SubscriptionCancelled(cancellation=cancellation):
            nothing = bindparam(None, JSONB.NULL, JSONB)
            document = func.jsonb_set(_with_cancellation(cancellation), _path("transfer"), nothing)
            return {"status": "cancelled", "subscription": document}
        case SubscriptionPaused(pause=pause):
            document = _with_pause(subscriptions.c.subscription, pause.number, msgspec.to_builtins(pause) | _GOES_ON)
            return {"status": "paused", "subscription": document}
        case SubscriptionResumed():
            return {"status": "active" if event.is_renewing else "non_renewing", "subscription": _resumed(event)}
        case _:
            return _of_transfer(event)


def _of_transfer(event: object) -> dict[str, Any]:
    match event:
        case TransferScheduled(transfer=transfer):
            return {"subscription": _with_transfer(transfer)}
        case TransferWithdrawn():
            return {"subscription": _with_transfer(None)}
        case SubscriptionTransferred(transfer=transfer):
            return {"status": "transferred", "subscription": _with_transfer(transfer, has_taken_effect=True)}
        case _:
            return {}


_GOES_ON = {"resumed_at": None, "resumed_on": None}


def _trialing_or_active() -> Any:
    trial = subscriptions.c.subscription.op("#>>")(_path("trial"))
    return case((trial.is_not(None), "trialing"), else_="active")


def _released(event: SubscriptionReleased) -> Any:
    terms = bindparam(None, [_term(event.facts, event.term)], JSONB)
    document = func.jsonb_set(subscriptions.c.subscription, _path("terms"), terms)
    told = {"waits_for": None, "released_at": event.at, "start": event.start}
    return document.op("||")(bindparam(None, msgspec.to_builtins(told), JSONB))


def _converted(event: TrialConverted) -> Any:
    """The first term is what it became, not what was foreseen."""
    first = bindparam(None, _term(event.facts, event.term), JSONB)
    document = func.jsonb_set(subscriptions.c.subscription, _path("terms", "0"), first)
    at = bindparam(None, msgspec.to_builtins(event.at), JSONB)
    return func.jsonb_set(document, _path("trial", "converted_at"), at)


def _unless(*kept_or_new: str) -> Any:
    """The last one, unless it is one of the others."""
    *kept, new = kept_or_new
    status = subscriptions.c.status
    return case((status.in_(kept), status), else_=new)


def _with_term(facts: Facts, term: Term) -> Any:
    """Appends the term, and forgets who was to follow; a rebuild replays from an empty table, so nothing is doubled."""
    path = _path("terms", str(term.number - 1))
    return func.jsonb_set(_with_successor(None), path, bindparam(None, _term(facts, term), JSONB))


def _with_successor(successor: UUID | None) -> Any:
    value = bindparam(None, JSONB.NULL if successor is None else str(successor), JSONB)
    return func.jsonb_set(subscriptions.c.subscription, _path("successor_subscription_id"), value)


def _with_cancellation(cancellation: Cancellation) -> Any:
    value = bindparam(None, msgspec.to_builtins(cancellation), JSONB)
    return func.jsonb_set(subscriptions.c.subscription, _path("cancellation"), value)


def _with_transfer(transfer: Transfer | None, *, has_taken_effect: bool = False) -> Any:
    told = transfer and {
        "on": transfer.on.isoformat(),
        "at": msgspec.to_builtins(transfer.at),
        "customer": transfer.to.key,
        "subscription_id": str(transfer.subscription_id),
        "has_taken_effect": has_taken_effect,
    }
    value = bindparam(None, told or JSONB.NULL, JSONB)
    return func.jsonb_set(subscriptions.c.subscription, _path("transfer"), value)


def _origin(origin: Origin) -> dict[str, Any]:
    return {"customer": origin.customer, "subscription_id": str(origin.subscription_ids[-1])}


def _amended(facts: Facts, amendment: Amendment) -> Any:
    """The term as it is from now on; its dates, and the quote that it was agreed in, stay."""
    place, conditions = ("terms", str(amendment.term_number - 1)), _conditions(facts, amendment.line)
    before = subscriptions.c.subscription.op("#>")(_path(*place)).op("-")(_path(*_NOT_OF_ALL))
    term = before.op("||")(bindparam(None, conditions, JSONB))
    document = func.jsonb_set(subscriptions.c.subscription, _path(*place), term)
    if amendment.zone is not None:
        document = func.jsonb_set(document, _path("zone"), bindparam(None, amendment.zone, JSONB))
    return _with_amendment(document, amendment, has_taken_effect=True)


def _with_amendment(document: Any, amendment: Amendment, *, has_taken_effect: bool) -> Any:
    """One that was scheduled keeps its place."""
    line = amendment.line
    told = {
        "number": amendment.number,
        "term_number": amendment.term_number,
        "effective_on": amendment.effective_on.isoformat(),
        "has_taken_effect": has_taken_effect,
        "plan": line.plan,
        "plan_version": line.plan_version,
        "quantity": line.quantity,
        "add_ons": [{"plan": a.plan, "plan_version": a.plan_version, "quantity": a.quantity} for a in line.add_ons],
        "calendar": line.calendar,
        "anchor_on": line.anchor and line.anchor.isoformat(),
    }
    told |= {"zone": amendment.zone} if amendment.zone else {}
    told |= {"cost_centre": line.cost_centre} if line.cost_centre else {}
    return func.jsonb_set(document, _path("amendments", str(amendment.number - 1)), bindparam(None, told, JSONB))


def _resumed(event: SubscriptionResumed) -> Any:
    """The pause is over, and the term may end later."""
    resumption, extension = event.resumption, event.resumption.extension
    document: Any = subscriptions.c.subscription
    if extension is not None:
        path = _path("terms", str(extension.term_number - 1), "ends_on")
        document = func.jsonb_set(document, path, bindparam(None, extension.ends_on.isoformat(), JSONB))
    pause = subscriptions.c.subscription.op("#>")(_path("pauses", str(resumption.number - 1)))
    over = {"resumed_at": msgspec.to_builtins(resumption.at), "resumed_on": resumption.on.isoformat()}
    path = _path("pauses", str(resumption.number - 1))
    return func.jsonb_set(document, path, pause.op("||")(bindparam(None, over, JSONB)))


def _with_pause(document: Any, number: int, told: dict[str, Any]) -> Any:
    return func.jsonb_set(document, _path("pauses", str(number - 1)), bindparam(None, told, JSONB))


def _path(*keys: str) -> Any:
    """A list, and not the text `{…}`, which SQLAlchemy takes for a list of its letters."""
    return cast(list(keys), ARRAY(Text))


def _term(facts: Facts, term: Term) -> dict[str, Any]:
    return {
        "number": term.number,
        "starts_on": term.starts_on.isoformat(),
        "ends_on": term.ends_on.isoformat(),
        "quote_id": str(term.quote_id),
        "purchase_order": term.purchase_order,
        "renewal": msgspec.to_builtins(facts.renewal),
        **_conditions(facts, term.line),
    }


# Left out of the rows of terms that have none, as rows were before they told them.
_NOT_OF_ALL = ("coupons", "ramp", "cost_centre")


def _conditions(facts: Facts, line: AgreedLine) -> dict[str, Any]:
    """What an amendment can change."""
    ramp = [_phase(line, phase) for phase in line.ramp]
    told = {"coupons": line.coupons, "ramp": ramp, "cost_centre": line.cost_centre}
    return {name: msgspec.to_builtins(told[name]) for name in _NOT_OF_ALL if told[name]} | {
        "plan": facts.plan,
        "plan_version": facts.plan_version,
        "quantity": facts.quantity,
        "base_minor": facts.base.minor,
    }


def _phase(line: AgreedLine, phase: RampPhase) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(phase)
    return told | {"begins_on": plus_months(line.starts_on, phase.after_months)}
