"""/v1/wallets: credit that customers have bought or were given, what is left of it, and what it paid."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import StringConstraints

from services.billing.api.access import GrantCredit as MayGrant
from services.billing.api.access import ReadBilling
from services.billing.api.invoices.credit_forms import WalletId
from services.billing.api.payments.payments import known
from services.billing.api.payments.wallet_forms import (
    MovementOut,
    RevokeIn,
    WalletIn,
    WalletOut,
    movement_out,
    wallet_out,
)
from services.billing.domain.customer import CUSTOMER, Customer, customer_id
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.commands import GrantCredit
from services.billing.domain.wallet.events import WalletFacts, WalletTerms
from services.billing.domain.wallet.state import Wallet, WalletNotFound, WalletStatus
from services.billing.processes import wallets as process
from services.billing.projections import customers
from services.billing.projections.payments import wallets
from services.billing.tables import wallet_movements
from services.billing.tables import wallets as table
from shared.http.moments import AtMoment
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.money import Money, exponent
from shared.periods import local_day
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/wallets", tags=["wallets"], route_class=TransactionalRoute)

CurrencyQuery = Annotated[str | None, StringConstraints(max_length=3), Query()]


@router.post("", status_code=201)
def grant(body: WalletIn, unit: MayGrant) -> WalletOut:
    """It pays the customer's invoices in this currency from now on, when they are issued."""
    payment = None if body.payment_id is None else known(unit, body.payment_id)
    command = _command(body, unit)
    unit.carry_out(process.grant(command, payment))
    return wallet_out(wallets.get(unit, command.facts.wallet_id))


@router.get("")
def list_wallets(
    unit: ReadBilling,
    page: PageQuery,
    customer: str | None = None,
    currency: CurrencyQuery = None,
    status: WalletStatus | None = None,
) -> Listed[WalletOut]:
    mine = wallets.of_tenant(unit, customer=customer, currency=currency, status=status)
    return page_of(unit, mine, table.c.wallet_id, page, wallet_out)


@router.get("/{wallet_id}")
def show(wallet_id: WalletId, unit: ReadBilling, moment: AtMoment) -> WalletOut:
    with wallets.THEN.at(unit, wallet_id, moment):
        return wallet_out(wallets.get(unit, wallet_id))


@router.get("/{wallet_id}/movements")
def list_movements(wallet_id: WalletId, unit: ReadBilling, page: PageQuery) -> Listed[MovementOut]:
    """In the order in which they happened: each drawdown with the invoice, and the lines of it, that it paid."""
    wallets.get(unit, wallet_id)
    return page_of(unit, wallets.movements(unit, wallet_id), wallet_movements.c.place, page, movement_out)


@router.post("/{wallet_id}/revoke")
def revoke(wallet_id: WalletId, body: RevokeIn, unit: MayGrant) -> WalletOut:
    """What is left of it. Where it was paid for, that waits unapplied on its payment again."""
    wallet: Wallet | None = unit.state(WALLET, wallet_id)
    if wallet is None:
        raise WalletNotFound("no such wallet")
    first, *others = process.revoke(wallet, body.reason, unit.now)
    unit.carry_out([first])
    unit.because(unit.cause).carry_out(others)  # the version that was asked for is of the wallet
    return wallet_out(wallets.get(unit, wallet_id))


def _command(body: WalletIn, unit: UnitOfWork) -> GrantCredit:
    exponent(body.currency)
    owner_id = customer_id(unit.tenant_id, body.customer)
    customers.get(unit, owner_id, field="/customer")
    owner: Customer = unit.state(CUSTOMER, owner_id)
    facts = WalletFacts(
        wallet_id=unit.new_id(),
        customer_id=owner_id,
        customer_key=owner.key,
        zone=owner.zone,
        name=body.name,
        promotional=body.promotional,
    )
    return GrantCredit(
        facts=facts,
        terms=WalletTerms(priority=body.priority, expires_on=body.expires_on, charges=tuple(body.charges)),
        amount=Money(body.amount_minor, body.currency),
        at=unit.now,
        on=local_day(unit.now, owner.zone),
        reason=body.reason,
        payment_id=body.payment_id,
    )
