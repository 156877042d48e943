"""What entitlement remembers of billing: each fact once."""

from uuid import UUID

from services.entitlement.domain.known_account import KNOWN_ACCOUNT, Account, AccountLearned, LearnAccount
from services.entitlement.domain.known_dunning import (
    KNOWN_DUNNING,
    DunningClearedLearned,
    DunningStep,
    DunningStepLearned,
    LearnCleared,
    LearnStep,
)
from services.entitlement.domain.known_plan import KNOWN_PLAN, LearnPlanVersion
from services.entitlement.processes.learning import on_plan_published
from tests.unit.entitlement.stories import CUSTOMER, INVOICE, MIDTERM, NEW_YORK

ACCOUNT = Account(customer_id=CUSTOMER, key="VX", name="Virgin", zone=NEW_YORK)
STEP = DunningStep(step="suspended", at=MIDTERM, message_id=UUID(int=8), invoices=(INVOICE,))


def test_an_account_is_learned_once():
    assert KNOWN_ACCOUNT.decide(None, LearnAccount(account=ACCOUNT)) == [AccountLearned(account=ACCOUNT)]
    assert KNOWN_ACCOUNT.decide(ACCOUNT, LearnAccount(account=ACCOUNT)) == []


def test_a_version_of_a_plan_is_learned_once_with_its_features_in_order():
    (order,) = on_plan_published(plan_id=UUID(int=4), code="gate-use", version=1, features=["lounges", "gates"])
    assert isinstance(order.command, LearnPlanVersion)
    (learned,) = KNOWN_PLAN.decide(KNOWN_PLAN.initial, order.command)
    assert learned.features == ("gates", "lounges")
    assert KNOWN_PLAN.decide(KNOWN_PLAN.replay([learned]), order.command) == []


def test_the_steps_of_dunning_are_remembered_until_nothing_is_owed():
    (learned,) = KNOWN_DUNNING.decide((), LearnStep(step=STEP))
    assert learned == DunningStepLearned(step=STEP)
    steps = KNOWN_DUNNING.replay([learned])
    assert steps == (STEP,)
    assert KNOWN_DUNNING.decide(steps, LearnStep(step=STEP)) == []
    (cleared,) = KNOWN_DUNNING.decide(steps, LearnCleared(at=MIDTERM))
    assert cleared == DunningClearedLearned(at=MIDTERM)
    assert KNOWN_DUNNING.evolve(steps, cleared) == ()
    assert KNOWN_DUNNING.decide((), LearnCleared(at=MIDTERM)) == []
