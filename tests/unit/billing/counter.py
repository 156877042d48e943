"""A wallet that a rule tops up, in memory: orders of the real processes on plain states, and a provider that the test plays."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from services.billing.domain.invoice.commands import Number
from services.billing.domain.payment.cashier import Cashier, Payer
from services.billing.domain.payment_profile import PaymentMethod
from services.billing.domain.provider_charge import PROVIDER_CHARGE
from services.billing.domain.top_up import TOP_UP
from services.billing.domain.top_up.commands import CheckBalance, Outcome, SwitchOffTopUp
from services.billing.domain.top_up.events import CreditPurchased, Receipt, TopUpRule
from services.billing.domain.top_up.state import TopUp
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.commands import DrawCredit
from services.billing.processes import paying, topping_up
from shared.money import Money
from shared.orders import Order
from tests.unit.billing.purse import Purse
from tests.unit.billing.till import PARTY, usd

WALLET_ID = UUID(int=1)
METHOD = PaymentMethod(provider="test", token="tok_1")
RULE = TopUpRule(threshold=usd(100), amount=usd(500), most_in_month=2, limit=usd(5000))


class Counter(Purse):
    """A purse with one wallet of 300 that is topped up; a charge is asked for, and answered by the test."""

    def __init__(self, rule: TopUpRule = RULE, granted: int = 300) -> None:
        super().__init__()
        self.grant(granted)
        self.method: PaymentMethod | None = METHOD
        self.set(rule)

    def set(self, rule: TopUpRule = RULE) -> list[Any]:
        return [*self.carry_out(topping_up.set_rule(self.wallet(), rule, "asked", self.at)), *self.look()]

    def switch_off(self) -> None:
        self.carry_out([Order(TOP_UP, WALLET_ID, SwitchOffTopUp(reason="enough", at=self.at))])

    @property
    def rule(self) -> TopUp:
        found: TopUp = self.states["top_up", WALLET_ID]
        return found

    @property
    def balance(self) -> int:
        return sum(self.states["wallet", id_].balance.minor for id_ in self.rule.wallets)

    @property
    def payments(self) -> list[Any]:
        return [state for (category, _), state in self.states.items() if category == "payment"]

    def look(self) -> list[Any]:
        taken_back = any(self.states["payment", id_].charged_back.minor for id_ in self.rule.payments)
        check = CheckBalance(balance=usd(self.balance), method=self.method, taken_back=taken_back, at=self.at)
        return self.carry_out([Order(TOP_UP, WALLET_ID, check)])

    def draw(self, minor: int) -> list[Any]:
        """So much of what is left, whoever asks for it, and somebody looks afterwards."""
        for id_ in self.rule.wallets:
            part = min(minor, self.states["wallet", id_].balance.minor)
            minor -= part
            if part:
                invoice = uuid5(id_, str(len(self.told)))
                command = DrawCredit(invoice_id=invoice, invoice="HUD-1", amount=usd(part), lines=(), on=self.today)
                self.carry_out([Order(WALLET, id_, command)])
        return self.look()

    def answer(self, outcome: Outcome, reference: str = "ch_1") -> list[Any]:
        purchase = self.rule.under_way
        assert purchase is not None
        reference = f"{reference}_{purchase.number}"
        told = topping_up.on_answer(purchase, outcome, reference, "declined", self.at, self.cashier)
        return self.carry_out(told)

    def can_be_taken_back(self) -> bool:
        """Credit that has paid an invoice has to come back from it first."""
        last = self.payments[-1] if self.payments else None
        return last is not None and last.exposed.minor > 0 and last.exposed == last.free + self._left_of(last)

    def _left_of(self, payment: Any) -> Money:
        return Money.total((self.states["wallet", id_].balance for id_ in payment.credit), "USD")

    def dispute(self) -> None:
        payment = self.payments[-1]
        self.carry_out(
            paying.charge_back(
                payment,
                self.cashier.invoice,
                self.cashier.wallet,
                uuid5(WALLET_ID, f"dispute {len(self.told)}"),
                payment.exposed,
                reference="cb",
                reason="disputed",
                at=self.at,
            )
        )

    @property
    def cashier(self) -> Cashier:
        return Cashier(
            tenant_id=UUID(int=9),
            charge=lambda id_: self.states.get(("provider_charge", id_), PROVIDER_CHARGE.initial),
            payment=lambda id_: self.states.get(("payment", id_)),
            invoice=lambda id_: self.states["invoice", id_],
            wallet=lambda id_: self.states.get(("wallet", id_)),
            top_up=lambda id_: self.states.get(("top_up", id_)),
            payer=lambda _: Payer(customer_id=PARTY.customer_id, key=PARTY.key, zone=PARTY.zone),
            shares=lambda _, __: [],
            next_receipt=self._next_receipt,
        )

    def _next_receipt(self) -> Number:
        return Number(legal_entity="Us", series="HUD-RC", sequence=len(self.receipts) + 1)

    @property
    def receipts(self) -> list[Receipt]:
        """Of all that was bought, in its order."""
        told = (event.receipt for _, event, _ in self.told if isinstance(event, CreditPurchased))
        return [receipt for receipt in told if receipt is not None]
