"""The secret of a tenant's webhooks follows from the key, and the key before is believed while it is replaced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook

from services.billing.api.payments.webhook_signature import is_signed, secrets_of
from services.billing.settings import Settings

NEW, OLD = "n" * 32, "o" * 32
ACME, BETA = UUID(int=1), UUID(int=2)
BODY = b'{"type": "charge.succeeded"}'


def settings(**keys: str) -> Settings:
    return Settings(
        database_url="postgresql+psycopg://nobody@127.0.0.1:1/nothing",
        kafka_bootstrap_servers="127.0.0.1:1",
        auth_issuer="nobody",
        auth_jwks_url="file:///nowhere",
        **keys,
    )


def headers(secret: str, off: timedelta = timedelta()) -> dict[str, str]:
    at = datetime.now(UTC) + off
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, BODY.decode()),
    }


def test_each_tenant_and_provider_has_a_secret_of_its_own_and_every_process_the_same() -> None:
    configured = settings(payment_webhook_key=NEW)
    secrets = [next(secrets_of(configured, t, p)) for t in (ACME, BETA) for p in ("test", "other")]
    assert len(set(secrets)) == 4
    assert secrets[0] == next(secrets_of(settings(payment_webhook_key=NEW), ACME, "test"))
    assert NEW not in secrets[0]


def test_what_was_signed_with_the_key_before_is_believed_while_there_is_one() -> None:
    [before] = secrets_of(settings(payment_webhook_key=OLD), ACME, "test")
    signed = headers(before)
    both = settings(payment_webhook_key=NEW, payment_webhook_key_before=OLD)
    assert [is_signed(secret, BODY, signed) for secret in secrets_of(both, ACME, "test")] == [False, True]
    [after] = secrets_of(settings(payment_webhook_key=NEW), ACME, "test")
    assert not is_signed(after, BODY, signed)


def test_without_a_key_there_is_no_secret_and_a_short_one_is_refused() -> None:
    assert list(secrets_of(settings(), ACME, "test")) == []
    with pytest.raises(ValidationError):
        settings(payment_webhook_key="short")


def test_one_of_several_signatures_is_enough() -> None:
    [secret] = secrets_of(settings(payment_webhook_key=NEW), ACME, "test")
    signed = headers(secret)
    several = f"v1,bm90IHRoaXM= v2,whatever {signed['webhook-signature']}"
    assert is_signed(secret, BODY, signed | {"webhook-signature": several})


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text(max_size=40)))
def test_headers_of_any_kind_are_refused_and_never_a_fault(sent: dict[str, str]) -> None:
    [secret] = secrets_of(settings(payment_webhook_key=NEW), ACME, "test")
    assert is_signed(secret, BODY, headers(secret) | sent) == (not sent)
