"""What the check needs to know of an account, now or at a past instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.entitlement.domain.access import Account, Answer, check
from services.entitlement.projections import accounts, entitlements, features
from services.entitlement.projections.accounts import KnownAccount
from services.entitlement.projections.entitlement_view import EntitlementView, snapshot
from shared.unit_of_work import UnitOfWork


def answers(unit: UnitOfWork, account: str, asked: Sequence[str], *, as_of: datetime | None) -> list[Answer]:
    """The pure check over the read model, or over the streams as they were known at `as_of`."""
    if as_of is None:
        known = _account(accounts.find(unit, account), entitlements.of_account(unit, account))
        catalogue = features.known(unit, asked)
    else:
        rights = entitlements.of_account(unit, account)
        views = [entitlements.as_known_at(unit, right.entitlement_id, as_of) for right in rights]
        known = _account(accounts.find_as_known_at(unit, account, as_of), views)
        catalogue = features.known_at(unit, asked, as_of)
    named = {name for right in known.entitlements for name in right.features}
    return check(known, asked, known_features=catalogue | named, at=as_of or unit.now)


def _account(found: KnownAccount | None, views: Sequence[EntitlementView]) -> Account:
    """`position` counts the facts known of the account: it only grows, and says which of two answers knew more.

    An account whose rights have arrived is known, also while the news of the customer itself is on its way.
    """
    rights = tuple(snapshot(view, view.granted) for view in views if view.granted is not None)
    position = (found.version if found else 0) + sum(view.version for view in views)
    return Account(known=found is not None or bool(rights), position=position, entitlements=rights)
