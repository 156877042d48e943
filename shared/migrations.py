"""Runs a service's Alembic migrations with the owner's role; each service's env.py is two lines."""

from __future__ import annotations

import os
from collections.abc import Sequence

from alembic import context, op
from sqlalchemy import MetaData, create_engine

from shared.tenancy import secure


def run(metadata: MetaData) -> None:
    """Online only. `DATABASE_URL` must carry the role that owns the database."""
    engine = create_engine(os.environ["DATABASE_URL"])
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


def grant(service: str, *, by_tenant: Sequence[str], queues: Sequence[str] = ()) -> None:
    """Policies and rights of the two running roles on tables that a migration has just made.

    Released revisions call this, so what it gives is never changed: a new revision gives more, or takes back.
    """
    for statement in secure(service, by_tenant=by_tenant, queues=queues):
        op.execute(statement)
