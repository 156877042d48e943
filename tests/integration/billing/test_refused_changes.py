"""What contradicts what was agreed, cancelled or made void is refused by name, and of two changes at once one is made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    till = Till(billing, tenant)
    till.until("2013-01-05T12:00:00+00:00")
    return till


def subscription(till: Till) -> str:
    [found] = till.client.get("/v1/subscriptions").json()["items"]
    return f"/v1/subscriptions/{found['subscription_id']}"


def test_amendments_follow_each_other_inside_the_term_of_what_is_not_cancelled(till: Till) -> None:
    path = subscription(till)
    amendments = f"{path}/amendments"
    till.post(amendments, effective="date", on="2013-02-10", quantity=2)
    for day, title in (
        ("2013-02-05", "before_the_last"),
        ("2014-01-01", "outside_term"),
        ("2013-01-04", "outside_term"),
    ):
        said = {"effective": "date", "on": day, "quantity": 3}
        assert till.refused(amendments, **said) == (422, title, "/on")
        assert till.refused(f"{amendments}/preview", **said) == (422, title, "/on")
    assert till.refused(amendments, effective="date", quantity=3)[:2] == (422, "invalid_request")
    till.post(f"{path}/cancellation", reason="closed")
    assert till.refused(amendments, quantity=3)[:2] == (409, "invalid_transition")
    settle([till.billing])
    # 27 of the 31 days of January are not used.
    assert till.invoice()["credited_minor"] == round(OWED * 27 / 31)


def test_of_two_amendments_at_the_same_instant_one_wins(till: Till) -> None:
    path = subscription(till)
    seen = {"If-Match": f'"{till.client.get(path).json()["version"]}"'}
    with ThreadPoolExecutor(2) as threads:
        answers = list(
            threads.map(
                lambda quantity: till.client.post(f"{path}/amendments", json={"quantity": quantity}, headers=seen),
                (2, 3),
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    [made] = [answer.json()["amendments"] for answer in answers if answer.is_success]
    [amendment] = till.client.get(path).json()["amendments"]
    assert [amendment] == made
    till.until("2013-01-06T12:00:00+00:00")
    # From the 5th on: the quantity of the one that won, and what was charged for one is credited.
    assert till.invoice(2)["total_minor"] == amendment["quantity"] * round(OWED * 27 / 31)
    till.check_books()


def test_a_void_invoice_takes_no_payment(till: Till) -> None:
    invoice = till.invoice()
    till.post(f"/v1/invoices/{invoice['invoice_id']}/void", reason="wrong address")
    said = {"invoice": invoice["number"], "amount_minor": 1, "currency": "USD"}
    assert till.refused("/v1/payments", **said)[2] == "/invoice"
    assert till.payments() == []
    till.check_books()
