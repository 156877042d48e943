"""Quotes of opportunities become stale: rows say what was not said before"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""UPDATE opportunities SET opportunity = opportunity || '{"quote_is_stale": false}'""")
