"""/v1/prices/evaluate and its like: any price, part, rhythm or minimum tried out. Nothing is looked up or kept."""

from __future__ import annotations

from itertools import islice

from fastapi import APIRouter

from services.billing.api.access import Preview
from services.billing.api.catalogue.evaluation_forms import (
    PeriodsAnswer,
    PeriodsTrial,
    PriceAnswer,
    PriceTrial,
    ProrationAnswer,
    ProrationTrial,
    TrueUpAnswer,
    TrueUpTrial,
    price_answer,
    proration_answer,
    share_of,
    true_up_answer,
)
from services.billing.domain.invoicing.commitment import prorated_true_up
from services.billing.domain.pricing.evaluation import evaluate
from services.billing.domain.proration import share
from services.billing.domain.schedule import Rhythm
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1", tags=["evaluations"], route_class=TransactionalRoute)


@router.post("/prices/evaluate")
def evaluate_price(body: PriceTrial, caller: Preview) -> PriceAnswer:
    """What usage costs at a price, with the tiers that made it: rated as it would be on an invoice."""
    evaluated = evaluate(body.price, body.currency, body.usage(), body.before(), last_of_period=body.last_of_period)
    return price_answer(evaluated, by_group=body.groups is not None)


@router.post("/prorations/evaluate")
def evaluate_proration(body: ProrationTrial, caller: Preview) -> ProrationAnswer:
    """What a part of a period costs of the full amount, by the named policy."""
    part = share(body.policy, body.period.days(), body.part.days(), body.zone)
    return proration_answer(part, body.amount, body.currency)


@router.post("/billing-periods/preview")
def preview_periods(body: PeriodsTrial, caller: Preview) -> PeriodsAnswer:
    """The first periods from an anchor on; each is counted from the anchor, so that the end of a month never drags."""
    found = islice(Rhythm(body.anchor_on, body.every, body.calendar).periods(), body.count)
    return PeriodsAnswer(periods=[[period.part.start, period.part.end] for period in found])


@router.post("/true-ups/evaluate")
def evaluate_true_up(body: TrueUpTrial, caller: Preview) -> TrueUpAnswer:
    """What charges lack to a minimum commitment, so that both add up to it to the minor unit; never negative."""
    part, charges_part = share_of(body.part), share_of(body.charges_part)
    return true_up_answer(prorated_true_up(body.commitment, part, body.charges, charges_part, body.currency))
