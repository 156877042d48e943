"""The customer's yes over HTTP: by the quote's own token, once, to what they were shown, while it is valid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from infra.local.tokens import tenant_id
from shared.tenancy import transaction
from tests.integration.billing.shop import LINE, PLAN, Shop
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock


@pytest.fixture
def shop(billing: Service, tenant: str) -> Shop:
    return Shop(billing, tenant).open()


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["title"]


def test_a_quote_is_accepted_once_and_a_repeated_request_gets_the_first_answer(shop: Shop) -> None:
    token = shop.send(shop.draft()["quote_id"])["acceptance_token"]
    first, again = (shop.accept(token, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert problem(shop.accept(token)) == (409, "invalid_transition")


@pytest.mark.parametrize("token", ["", "x", "ü" * 64, "A" * 63, "A" * 64, "A" * 65, "AAAA=" * 13])
def test_a_token_that_is_none_opens_nothing(shop: Shop, token: str) -> None:
    assert shop.accept(token).status_code == (404 if token else 422)


def test_a_token_with_one_character_changed_opens_nothing(shop: Shop) -> None:
    token = shop.send(shop.draft()["quote_id"])["acceptance_token"]
    for position in (30, 63):
        mistyped = token[:position] + ("B" if token[position] != "B" else "C") + token[position + 1 :]
        assert problem(shop.accept(mistyped)) == (404, "acceptance_token_unknown")
    assert shop.accept(token).status_code == 201


def test_a_bearer_token_is_no_token_of_a_quote(shop: Shop) -> None:
    quote = shop.send(shop.draft()["quote_id"])
    body = {"name": "rita", "token": quote["quote_id"]}
    assert problem(shop.rita.post("/v1/quote-acceptances", json=body)) == (404, "acceptance_token_unknown")
    assert shop.rita.post("/v1/quote-acceptances", json={"name": "rita"}).status_code == 422


def test_an_old_offer_is_not_accepted_after_it_changed(shop: Shop) -> None:
    first = shop.send(shop.draft()["quote_id"])
    url = f"/v1/quotes/{first['quote_id']}"
    shop.rita.post(f"{url}/revise", json={"lines": [LINE | {"quantity": 3}]})
    assert problem(shop.accept(first["acceptance_token"])) == (409, "quote_changed")
    second = shop.send(first["quote_id"])
    assert problem(shop.accept(first["acceptance_token"])) == (409, "quote_changed")
    assert shop.accept(second["acceptance_token"]).json()["quote_version"] == 2


def test_the_token_is_answered_once_and_kept_nowhere(shop: Shop) -> None:
    quote_id = shop.draft()["quote_id"]
    shop.rita.post(f"/v1/quotes/{quote_id}/submit")
    first, again = (
        shop.rita.post(f"/v1/quotes/{quote_id}/send", headers={"Idempotency-Key": "send-1"}) for _ in range(2)
    )
    token = first.json()["acceptance_token"]
    assert first.headers["cache-control"] == "no-store"
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json() | {"acceptance_token": None}
    assert again.headers["etag"] == first.headers["etag"]
    assert shop.accept(token).status_code == 201
    with transaction(shop.billing.app.state.engine, tenant_id(shop.tenant)) as tx:
        for table in ("events", "idempotency_keys", "quotes", "quote_tokens"):
            rows = tx.execute(text(f"SELECT to_jsonb(t)::text FROM {table} t")).scalars()
            assert not any(token in row or token.encode().hex() in row for row in rows)


def test_sending_once_more_replaces_a_lost_token(shop: Shop) -> None:
    lost = shop.send(shop.draft()["quote_id"])
    found = shop.rita.post(f"/v1/quotes/{lost['quote_id']}/send").json()
    assert found["valid_until"] == lost["valid_until"]
    assert problem(shop.accept(lost["acceptance_token"])) == (404, "acceptance_token_unknown")
    assert shop.accept(found["acceptance_token"]).status_code == 201


def test_a_quote_expires_by_the_clock_and_is_not_accepted_afterwards(billing: Service, tenant: str) -> None:
    billing.client(tenant).put("/v1/test-clock", json={"now": "2030-12-01T05:00:00Z"})
    shop = Shop(billing, tenant).open()
    sent = shop.send(shop.draft()["quote_id"], valid_until="2030-12-15T05:00:00Z")
    move_clock(billing, shop.rita, datetime(2030, 12, 15, 5, tzinfo=UTC))
    assert shop.rita.get(f"/v1/quotes/{sent['quote_id']}").json()["status"] == "expired"
    assert problem(shop.accept(sent["acceptance_token"])) == (409, "quote_expired")


def test_an_acceptance_becomes_a_subscription_at_the_prices_that_were_accepted(shop: Shop) -> None:
    sent = shop.send(shop.draft(quantity=2)["quote_id"])
    shop.rita.put("/v1/plans/gate-use", json=PLAN | {"name": "Dearer"})
    shop.accept(sent["acceptance_token"])
    settle([shop.billing])
    [subscription] = shop.rita.get("/v1/subscriptions", params={"customer": "F9"}).json()["items"]
    [term] = subscription["terms"]
    assert (term["plan"], term["plan_version"], term["quantity"], term["base_minor"]) == ("gate-use", 1, 2, 3600000)


def test_of_many_who_accept_at_once_one_is_first(shop: Shop) -> None:
    token = shop.send(shop.draft()["quote_id"])["acceptance_token"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: shop.accept(token).status_code, range(4)))
    assert sorted(answers) == [201, 409, 409, 409]
