"""What the decisions about topping a wallet up need to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from services.billing.domain.top_up.events import Purchase, TopUpRule
from services.billing.domain.wallet.events import WalletFacts
from shared.errors import Conflict, DomainError, NotFound
from shared.money import Money

TopUpStatus = Literal["active", "held", "stopped", "off"]
# A purchase of which nobody tells for so long what became of it has failed.
GIVEN_UP_AFTER = timedelta(days=7)


class TopUpNotFound(NotFound):
    pass


class MalformedTopUp(DomainError):
    """A rule that could not do what it says."""


class NotToppedUp(Conflict):
    """Credit that a charge includes, and what a rule has bought, have no rule of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUp:
    """`under_way` is the purchase that waits for the provider, and `reference` is known of a pending one. `spent` is what was
    bought since the rule was set, paid by `payments`, and `in_month` how often it bought in `month`."""

    facts: WalletFacts
    rule: TopUpRule
    spent: Money
    status: TopUpStatus = "active"
    under_way: Purchase | None = None
    reference: str | None = None
    made: int = 0
    month: date | None = None
    in_month: int = 0
    payments: tuple[UUID, ...] = ()
    bought: tuple[UUID, ...] = ()

    @property
    def wallets(self) -> tuple[UUID, ...]:
        """Those of which the balance counts."""
        return (self.facts.wallet_id, *self.bought)

    @property
    def watches(self) -> bool:
        """Whether a low balance would change anything."""
        return self.status in ("active", "held") and self.under_way is None

    def awaits(self, key: UUID) -> bool:
        return self.under_way is not None and self.under_way.key == key

    def bought_in(self, month: date) -> int:
        return self.in_month if self.month == month else 0
