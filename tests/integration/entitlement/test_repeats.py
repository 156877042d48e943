"""Whatever comes twice, or from the beginning again, changes nothing."""

from services.entitlement.store import PROJECTIONS
from services.entitlement.tables import metadata
from tests.integration.entitlement.rights import Rights, a_year
from tests.support.rebuilding import live_and_rebuilt, read_models

TABLES = ("accounts", "known_features", "entitlements", "holds")


def test_every_message_told_again_changes_nothing(rights: Rights) -> None:
    a_year(rights)
    before = [rights.client.get(f"/v1/{what}").json() for what in ("entitlements", "holds")]
    rights.news.repeat_everything()
    rights.arrive()
    assert [rights.client.get(f"/v1/{what}").json() for what in ("entitlements", "holds")] == before
    assert rights.holds("OO") == [("expiry", "2014-01-15T05:00:00Z", None)]


def test_a_consumer_that_starts_from_offset_0_changes_nothing(rights: Rights) -> None:
    a_year(rights)
    engine = rights.service.background.relay.engine
    with engine.begin() as tx:
        before = read_models(tx, metadata, [*TABLES, "events"], rights.tenant)
        tx.exec_driver_sql("DELETE FROM consumer_offsets")
    rights.service.background.consumer.close()
    rights.arrive()
    with engine.begin() as tx:
        assert read_models(tx, metadata, [*TABLES, "events"], rights.tenant) == before


def test_read_models_built_again_equal_the_live_ones(rights: Rights) -> None:
    a_year(rights)
    live, rebuilt = live_and_rebuilt(rights.service, metadata, TABLES, PROJECTIONS, rights.tenant)
    assert rebuilt == live
    assert all(live.values())
