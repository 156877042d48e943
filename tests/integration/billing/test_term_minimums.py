"""A minimum for the term: billed with its last usage, explained, verified, and answered where usage is known late."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import RenewTerm
from services.billing.projections.books.books import CHECKS
from services.billing.store import READ_MODELS, create_store
from shared.causes import Cause
from shared.ids import shown
from shared.orders import Order
from shared.rebuild import rebuild
from shared.unit_of_work import Session, UnitOfWork
from tests.integration.billing.room import Room
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock

MINIMUM = {"code": "true_up", "name": "Commitment", "amount": "50000.00", "tax_rates": ["0.08875"], "true_up": "term"}
A_MONTH = 1_057_500  # 300 departures at 30.00 and 100 at 15.75
MORE = 157_500  # another hundred
LATE = datetime(2031, 4, 12, 5, tzinfo=UTC)


@pytest.fixture
def room(billing: Service, tenant: str) -> Room:
    return Room(billing, tenant, minimums={"USD": MINIMUM}, term_months=3)


def lived(room: Room, *days: str) -> Room:
    for day in days or ("2031-02-01", "2031-03-01", "2031-04-01"):
        room.live_until(day)
    return room


def lines(room: Room, kind: str) -> list[dict[str, Any]]:
    invoices = sorted(room.invoices(), key=lambda invoice: invoice["issued_on"])
    found = [line for invoice in invoices for line in invoice["lines"] if line["kind"] == kind]
    return [line for line in found if not line["corrects"]]


def trued_up(room: Room) -> dict[str, Any]:
    return room.one(issued_on="2031-04-01", kind="regular")


def assert_sound(room: Room) -> None:
    assert room.verified()
    assert room.billing.background.books.count() == dict.fromkeys(CHECKS, 0)
    for month in ("2031-01", "2031-02", "2031-03", "2031-04"):
        assert room.client.get("/v1/reconciliation", params={"period": month}).json()["closes"], month
    compared = rebuild(room.engine, create_store(), READ_MODELS, keep=False)
    assert [c.table for c in compared if room.tenant_id in c.different_tenants] == []


def test_usage_and_true_up_of_the_term_come_to_what_was_committed_to(room: Room) -> None:
    lived(room, "2031-02-01", "2031-03-01")
    assert lines(room, "true_up") == []
    lived(room, "2031-04-01")
    assert [line["amount_minor"] for line in lines(room, "usage")] == [A_MONTH] * 3
    (line,) = lines(room, "true_up")
    assert (line["amount_minor"], line["starts_on"], line["ends_on"]) == (
        5_000_000 - 3 * A_MONTH,
        "2031-01-01",
        "2031-04-01",
    )
    invoice = trued_up(room)
    told = room.client.get(f"/v1/invoices/{invoice['invoice_id']}/lines/{line['number']}/explain").json()
    assert told["reading"] == [
        "a minimum of 50000.00 USD for a full term, 90 parts of 90 of it",
        "5000000 minor units of USD are committed to for the term",
        "usage of the term came to 3172500 on all its invoices, late usage included",
        "rounded to 1827500 minor units of USD, residue 0",
    ]
    (contract,) = room.client.get("/v1/subscriptions").json()["items"]
    conforms = room.client.get(f"/v1/subscriptions/{contract['subscription_id']}/conformance").json()
    assert conforms["conforms"]
    assert_sound(room)


def test_plans_and_quotes_say_when_it_is_trued_up(room: Room) -> None:
    assert room.client.get("/v1/plans/gate-use").json()["minimums"]["USD"]["true_up"] == "term"
    (listed,) = room.client.get("/v1/quotes").json()["items"]
    quote = room.client.get(f"/v1/quotes/{listed['quote_id']}").json()
    assert quote["lines"][0]["minimum"] == MINIMUM | {"tax_category": None}


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        ({"proration": "fixed_30", "minimums": {"USD": MINIMUM}}, "/minimums/USD/true_up"),
        ({"minimums": {"USD": MINIMUM | {"true_up": "year"}}}, "/minimums/USD/true_up"),
    ],
)
def test_what_no_term_can_be_lifted_to_is_refused(room: Room, plan: dict[str, Any], field: str) -> None:
    known = room.client.get("/v1/plans/gate-use").json()
    sent = {name: value for name, value in known.items() if name not in ("plan_id", "code", "version")} | plan
    refused = room.client.put("/v1/plans/gate-use", json=sent)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, field)


def test_what_late_usage_adds_to_its_own_invoice_it_takes_off_the_true_up(room: Room) -> None:
    lived(room)
    foreseen = previewed(room, 500)
    room.revise_usage(LATE, JFK=500)
    correction, invoice = room.one(kind="correction"), trued_up(room)
    assert (correction["subtotal_minor"], correction["corrects"]["invoice"]) == (
        MORE,
        room.one(issued_on="2031-02-01", kind="regular")["number"],
    )
    (note,) = invoice["credit_notes"]
    assert note["amount_minor"] - note["tax_minor"] == MORE
    answers = {c["invoice_id"]: (c["status"], c["delta_minor"]) for c in room.corrections()}
    assert answers[invoice["invoice_id"]] == ("credited", -MORE) and len(answers) == 2
    assert foreseen == {correction["corrects"]["invoice"]: MORE, invoice["number"]: -MORE}
    room.revise_usage(LATE, revision=2, JFK=400)
    assert sum(net(room)) == 4 * 150_000 - 150_000 + 5_000_000
    assert_sound(room)


def previewed(room: Room, departures: int) -> dict[str, int]:
    total = {"group": "JFK", "quantity": str(departures), "count": departures}
    asked = {"periods": [{"period_id": f"per_{room.period_id}", "totals": [total]}]}
    answer = room.client.post("/v1/rerating/preview", json=asked)
    assert answer.status_code == 200, answer.text
    return {invoice["number"]: invoice["net_minor"] for invoice in answer.json()["invoices"]}


def net(room: Room) -> list[int]:
    """What each invoice asks for before tax, less what was credited."""
    notes = {i["number"]: sum(n["amount_minor"] - n["tax_minor"] for n in i["credit_notes"]) for i in room.invoices()}
    return [invoice["subtotal_minor"] - notes[invoice["number"]] for invoice in room.invoices()]


def test_what_is_ignored_counts_for_no_term(billing: Service, tenant: str) -> None:
    policy = {"late_usage": "ignore_after", "late_usage_days": 5}
    room = Room(billing, tenant, minimums={"USD": MINIMUM}, term_months=3, **policy)
    lived(room, "2031-02-01")
    room.revise_usage(datetime(2031, 2, 20, 5, tzinfo=UTC), JFK=500)
    lived(room, "2031-03-01", "2031-04-01")
    room.revise_usage(LATE, revision=2, JFK=600)
    assert [c["status"] for c in room.corrections()] == ["ignored", "ignored"]
    assert [line["amount_minor"] for line in lines(room, "true_up")] == [5_000_000 - 3 * A_MONTH]
    assert_sound(room)


def test_a_draft_of_the_last_bill_is_rated_again(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, minimums={"USD": MINIMUM}, term_months=3, review_days=20)
    lived(room)
    room.revise_usage(LATE, JFK=500)
    (draft,) = [invoice for invoice in room.invoices() if invoice["issued_on"] is None]
    assert draft["status"] == "draft"
    lacking = [line["amount_minor"] for line in draft["lines"] if line["kind"] == "true_up"]
    (unbilled,) = room.client.get("/v1/revenue/unbilled", params={"at": "2031-03-31"}).json()["classes"]
    assert unbilled["usage_minor"] == A_MONTH + lacking[0]
    assert lacking == [5_000_000 - 3 * A_MONTH - MORE]
    assert room.one(kind="correction")["subtotal_minor"] == MORE
    lived(room, "2031-04-21")
    assert_sound(room)


def test_other_prices_lift_to_the_same_minimum(room: Room) -> None:
    lived(room)
    price = {"model": "per_unit", "unit_amount": "20.00"}
    asked = {
        "plan": "gate-use",
        "since": "2031-01",
        "until": "2031-05",
        "prices": {"USD": {"departures": {"price": price}}},
    }
    answer = room.client.post("/v1/what-if", json=asked)
    assert answer.status_code == 200, answer.text
    (customer,) = answer.json()["customers"]
    charges = {c["charge"]: (c["before_minor"], c["after_minor"]) for c in customer["charges"]}
    assert charges["true_up"] == (5_000_000 - 3 * A_MONTH, 5_000_000 - 3 * 800_000)


def test_the_last_bill_waits_for_every_period_of_the_term_and_names_it(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, minimums={"USD": MINIMUM}, term_months=2)
    move_clock(billing, room.client, datetime(2031, 2, 20, 5, tzinfo=UTC))
    periods = room.client.get(f"/v1/subscriptions/{shown('sub', room.subscription_id)}/usage-periods").json()["items"]
    (february,) = [room.uuid(each["period_id"]) for each in periods if each["starts_on"] == "2031-02-01"]
    with room.engine.begin() as tx:
        room.request_bill(tx, datetime(2031, 3, 1, 5, tzinfo=UTC))
    room.close_usage(february)
    run = room.client.get("/v1/bill-runs/2031-03-01").json()
    (waiting,) = [each for each in run["unissued"] if each["state"] == "waiting"]
    assert waiting["waits_for"] == [shown("per", room.period_id)]
    room.close_usage()
    assert [line["amount_minor"] for line in lines(room, "true_up")] == [5_000_000 - 2 * A_MONTH]
    assert_sound(room)


def test_what_waits_for_the_next_invoice_is_pending_also_where_the_true_up_does_not_change(
    billing: Service, tenant: str
) -> None:
    low = MINIMUM | {"amount": "10000.00"}
    room = Room(billing, tenant, minimums={"USD": low}, term_months=3, late_usage="next_invoice")
    lived(room, "2031-02-01", "2031-03-01")
    renew(room, datetime(2031, 3, 1, 5, tzinfo=UTC))
    lived(room, "2031-04-01")
    room.revise_usage(LATE, JFK=500)
    assert sorted(each["status"] for each in room.corrections()) == ["deferred", "unchanged"]
    assert_sound(room)


def renew(room: Room, at: datetime) -> None:
    with room.engine.begin() as tx:
        session = Session(tx, room.inbox.store)
        unit = UnitOfWork(session, Cause(room.tenant_id, at, at, {"principal": "rita"}))
        last = unit.state(SUBSCRIPTION, room.subscription_id).last
        command = RenewTerm(term_number=2, line=last.line, quote_id=last.quote_id, at=at)
        unit.carry_out([Order(SUBSCRIPTION, room.subscription_id, command)])
        session.flush()
    settle([room.billing])
