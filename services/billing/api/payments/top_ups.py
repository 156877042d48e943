"""Wallets that are topped up: the rule that buys credit when too little is left, and what it has bought."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import RowMapping

from services.billing.api.access import GrantCredit as MayGrant
from services.billing.api.access import PreviewChanges, ReadBilling
from services.billing.api.invoices.credit_forms import WalletId
from services.billing.api.payments.top_up_forms import (
    PurchaseOut,
    RuleForm,
    SwitchedOffIn,
    TopUpIn,
    TopUpOut,
    TopUpPreviewOut,
    preview_out,
    purchase_out,
    top_up_out,
)
from services.billing.domain.top_up import TOP_UP
from services.billing.domain.top_up.commands import SwitchOffTopUp
from services.billing.domain.top_up.state import TopUpNotFound, TopUpStatus
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.state import Wallet, WalletNotFound
from services.billing.processes import topping_up
from services.billing.projections.payments import credit_purchases, top_ups, wallets
from services.billing.tables import credit_purchases as purchase_table
from services.billing.tables import top_ups as table
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1", tags=["wallets"], route_class=TransactionalRoute)


@router.put("/wallets/{wallet_id}/top-up")
def put(wallet_id: WalletId, body: TopUpIn, unit: MayGrant) -> TopUpOut:
    """From now on. Where too little is left already, it buys at once; a rule that has stopped begins again."""
    wallet = _wallet(unit, wallet_id)
    first, *others = topping_up.set_rule(wallet, body.rule(wallet.currency), body.reason, unit.now)
    unit.carry_out([first])
    unit.because(unit.cause).carry_out(others)  # the version that was asked for is of the rule
    return _shown(unit, top_ups.get(unit, wallet_id))


@router.get("/wallets/{wallet_id}/top-up")
def show(wallet_id: WalletId, unit: ReadBilling) -> TopUpOut:
    return _shown(unit, top_ups.get(unit, wallet_id))


@router.post("/wallets/{wallet_id}/top-up/preview")
def preview(wallet_id: WalletId, body: RuleForm, unit: PreviewChanges) -> TopUpPreviewOut:
    """What would happen at once if this were the rule."""
    wallet = _wallet(unit, wallet_id)
    state = topping_up.foreseen(unit.state(TOP_UP, wallet_id), wallet, body.rule(wallet.currency), unit.now)
    check = top_ups.check_of(unit, state)
    return preview_out(state, check.balance, TOP_UP.decide(state, check))


@router.post("/wallets/{wallet_id}/top-up/switch-off")
def switch_off(wallet_id: WalletId, body: SwitchedOffIn, unit: MayGrant) -> TopUpOut:
    """What was asked of the provider before is still bought."""
    if unit.state(TOP_UP, wallet_id) is None:
        raise TopUpNotFound("the wallet has no such rule")
    unit.execute(TOP_UP, wallet_id, SwitchOffTopUp(reason=body.reason, at=unit.now))
    return _shown(unit, top_ups.get(unit, wallet_id))


@router.get("/wallets/{wallet_id}/top-up/purchases")
def list_purchases(wallet_id: WalletId, unit: ReadBilling, page: PageQuery) -> Listed[PurchaseOut]:
    wallets.get(unit, wallet_id)
    mine = credit_purchases.of_wallet(unit, wallet_id)
    shown = partial(purchase_out, top_ups.receipts_of(unit, wallet_id))
    return page_of(unit, mine, purchase_table.c.purchase_id, page, shown)


@router.get("/top-ups")
def list_rules(
    unit: ReadBilling, page: PageQuery, customer: str | None = None, status: TopUpStatus | None = None
) -> Listed[TopUpOut]:
    mine = top_ups.of_tenant(unit, customer=customer, status=status)
    return page_of(unit, mine, table.c.wallet_id, page, partial(_shown, unit))


def _wallet(unit: UnitOfWork, wallet_id: UUID) -> Wallet:
    wallet: Wallet | None = unit.state(WALLET, wallet_id)
    if wallet is None:
        raise WalletNotFound("no such wallet")
    return wallet


def _shown(unit: UnitOfWork, row: RowMapping) -> TopUpOut:
    return top_up_out(row, unit.state(TOP_UP, row["wallet_id"]))
