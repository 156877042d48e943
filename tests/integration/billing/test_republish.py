"""An operator publishes billing's history again."""

from __future__ import annotations

from tests.integration.billing.shop import Shop
from tests.support.house import Service, settle
from tests.support.operating import operate


def test_an_operator_publishes_history_again(billing: Service, tenant: str) -> None:
    Shop(billing, tenant).open()
    settle([billing])
    published = operate("billing", billing.urls.worker, "republish", "--since", "2020-01-01T00:00:00Z")
    assert published.stdout.endswith("messages are queued for the relay\n")
    settle([billing])
    assert operate("billing", billing.urls.worker, "republish", "--since", "yesterday").returncode == 2
