"""From the lines of a request to agreed lines: the plan as the catalogue has it, or as the quote has it already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.billing.api.quotes.quote_forms import AlternativeForm, LineForm
from services.billing.domain.agreement import AgreedLine, Party, RenewalTerms
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.customer import CUSTOMER, Customer, CustomerNotFound, customer_id
from services.billing.domain.plan import NoPriceInChannel, NoPriceInCurrency, PlanVersion
from services.billing.domain.pricing.validation import PartNotAllowed
from services.billing.domain.quote.alternatives import AlternativeTerms
from services.billing.domain.quote.co_termination import SubscriptionUnknown, TermTwice, ending_with
from services.billing.domain.quote.lines import NO_RENEWAL, agreed_line
from services.billing.domain.quote.state import Quote
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.state import Subscription
from services.billing.projections.catalogue import coupons, plans
from services.billing.projections.subscriptions import renewal_policies
from shared.periods import local_day
from shared.unit_of_work import UnitOfWork


def party_of(unit: UnitOfWork, key: str) -> Party:
    """The customer as it is named now. Raises CustomerNotFound for a key that nobody has put."""
    id_ = customer_id(unit.tenant_id, key)
    customer: Customer | None = unit.state(CUSTOMER, id_)
    if customer is None:
        raise CustomerNotFound("no such customer: put it first", field="/customer")
    return Party(
        customer_id=id_,
        key=customer.key,
        name=customer.name,
        zone=customer.zone,
        currency=customer.currency,
        external_refs=customer.external_refs,
    )


def lines_of(
    unit: UnitOfWork,
    party: Party,
    forms: Sequence[LineForm],
    kept: Sequence[AgreedLine] = (),
    channel: str | None = None,
) -> tuple[AgreedLine, ...]:
    """Prices and renewal terms as published now, but those of `kept` for a plan that is among them.

    A refusal names the line.
    """
    policies = renewal_policies.current(unit)
    lines = []
    for index, form in enumerate(forms):
        line = next((line for line in kept if _names(form, line)), None)
        at = f"/lines/{index}"
        coupons = _coupons(unit, party, form, f"{at}/coupons")
        if kept:
            _refuse_waiting(form, at)
        if line is not None:
            sold = _changed(line, form, line.coupons if form.coupons is None else coupons, party.currency, at)
        else:
            new = form.model_copy(update={"trial_days": 0}) if kept else form
            sold = _line(unit, party, new, policies, coupons, channel, at)
            if kept and "cost_centre" not in form.model_fields_set:
                sold = replace(sold, cost_centre=kept[0].cost_centre)
        lines.append(sold if form.ends_with is None else _ending_together(unit, party, sold, form, at))
    return tuple(lines)


def _refuse_waiting(form: LineForm, at: str) -> None:
    for name in ("payment", "starts", "latest_start"):
        if getattr(form, name) != type(form).model_fields[name].default:
            raise PartNotAllowed("a term that follows waits for nothing: leave it out", field=f"{at}/{name}")


def raised_lines(unit: UnitOfWork, quote: Quote) -> Sequence[AgreedLine]:
    """What a renewal keeps through its revisions: the prices that were raised for it, of the plan as it was agreed; of one
    that is stale the cost centre of the contract by now."""
    if quote.purpose != "renewal":
        return ()
    contract: Subscription | None = unit.state(SUBSCRIPTION, quote.subscription_id) if quote.subscription_id else None
    if contract is None or not quote.is_stale:
        return quote.lines
    cost_centre = contract.agreed_line(contract.last.number).cost_centre
    return [replace(line, cost_centre=cost_centre) for line in quote.lines]


def terms_of(forms: Sequence[AlternativeForm]) -> tuple[AlternativeTerms, ...]:
    return tuple(form.terms() for form in forms)


def _names(form: LineForm, line: AgreedLine) -> bool:
    return form.plan == line.plan and form.plan_version in (None, line.plan_version)


def _coupons(unit: UnitOfWork, party: Party, form: LineForm, at: str) -> tuple[AgreedCoupon, ...]:
    """As the catalogue has them now, in the customer's currency."""
    on = local_day(unit.now, party.zone)
    return tuple(
        coupons.read(coupons.get(unit, code, field=f"{at}/{index}")["coupon"]).agreed(
            party.currency, on, f"{at}/{index}"
        )
        for index, code in enumerate(form.coupons or ())
    )


def _changed(line: AgreedLine, form: LineForm, coupons: tuple[AgreedCoupon, ...], currency: str, at: str) -> AgreedLine:
    is_said = "progressive_billing" in form.model_fields_set
    return replace(
        line,
        cost_centre=form.cost_centre if "cost_centre" in form.model_fields_set else line.cost_centre,
        progressive=form.thresholds(currency, at) if is_said else line.progressive,
        coupons=coupons,
        ramp=line.ramp if form.ramp is None else form.phases,
        starts_on=form.starts_on,
        quantity=form.quantity,
        discount_percent=form.percent_off,
        discounts=form.reasons,
        term_months=line.term_months if form.term_months is None else form.term_months,
    )


def _line(
    unit: UnitOfWork,
    party: Party,
    form: LineForm,
    policies: dict[str, RenewalTerms],
    given: tuple[AgreedCoupon, ...],
    channel: str | None,
    at: str,
) -> AgreedLine:
    plan = plans.get(unit, form.plan, form.plan_version, field=f"{at}/plan")
    try:
        return agreed_line(
            plan,
            party.currency,
            _renewal(plan, policies),
            starts_on=form.starts_on,
            channel=channel,
            term_months=form.term_months,
            trial_days=form.trial_days,
            **form.asked(given, party.currency, at),
        )
    except (NoPriceInCurrency, NoPriceInChannel) as error:
        raise type(error)(str(error), field=f"{at}/plan") from None


def _ending_together(unit: UnitOfWork, party: Party, line: AgreedLine, form: LineForm, at: str) -> AgreedLine:
    assert form.ends_with is not None
    other: Subscription | None = unit.state(SUBSCRIPTION, form.ends_with)
    if other is None or other.party.customer_id != party.customer_id:
        raise SubscriptionUnknown("the customer has no such subscription", field=f"{at}/ends_with")
    if form.term_months is not None:
        raise TermTwice("the term follows from the other subscription", field=f"{at}/term_months")
    return ending_with(line, other, f"{at}/ends_with")


def _renewal(plan: PlanVersion, policies: dict[str, RenewalTerms]) -> RenewalTerms:
    return NO_RENEWAL if plan.renewal_policy is None else policies[plan.renewal_policy]
