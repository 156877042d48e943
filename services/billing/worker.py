"""The billing worker: relay, consumers, timers."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Engine

from services.billing.clients.providers import PROVIDERS
from services.billing.messaging.charging import Charging
from services.billing.messaging.inbound import HANDLERS, TOPICS
from services.billing.messaging.pending import Pending
from services.billing.messaging.refunding import Refunding
from services.billing.messaging.timers import PREPARATIONS, TIMERS
from services.billing.messaging.topping_up import ToppingUp
from services.billing.projections.books import books
from services.billing.projections.invoices import waiting_bills
from services.billing.projections.subscriptions import running_usage
from services.billing.settings import Settings
from services.billing.store import OUTBOX, create_store
from shared.background import Background, Duties, background, start
from shared.clock import real_now
from shared.database import engine_for
from shared.worker import Loop

DAY = 86_400


def create_background(settings: Settings, cluster_id: str) -> Background:
    engine, store = engine_for(settings.database, pool_size=settings.pool_size + 3), create_store()
    asked = (engine, store, PROVIDERS, real_now)
    charging, refunding, topping_up, pending = Charging(*asked), Refunding(*asked), ToppingUp(*asked), Pending(*asked)
    duties = Duties(
        store=store,
        outbox=OUTBOX,
        handlers=HANDLERS,
        timers=TIMERS,
        preparations=PREPARATIONS,
        topics=TOPICS,
        waiting=waiting_bills.count,
        checks=books.CHECKS,
        more_loops=[
            Loop("charging", charging.step, 0.5, is_eager=True),
            Loop("refunding", refunding.step, 0.5, is_eager=True),
            Loop("topping_up", topping_up.step, 0.5, is_eager=True),
            Loop("pending", pending.step, 10),
            Loop("thinning", partial(_thin, engine), DAY),
        ],
    )
    return background(settings, engine, cluster_id, duties)


def _thin(engine: Engine) -> int:
    """What was told of usage day by day is not kept for ever."""
    with engine.begin() as tx:
        tx.exec_driver_sql("SET LOCAL statement_timeout = '10min'")
        return running_usage.thin(tx)


def main() -> None:
    start("billing", Settings(), create_background)


if __name__ == "__main__":
    main()
