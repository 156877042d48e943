"""The first tables"""

from alembic import op

from services.usage.migrations.first_tables import events, periods
from shared.revisions import first_tables as kernel

revision = "0001"
down_revision = None


# A worker stages events in a table of its session.
TEMPORARY_TABLES = """
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO usage_worker', current_database()); END $$"""


def upgrade() -> None:
    kernel.create("usage")
    events.create()
    periods.create()
    op.execute(TEMPORARY_TABLES)
