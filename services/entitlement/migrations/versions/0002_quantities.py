"""Rights are for a quantity: rows say what was not said before"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(_ENTITLEMENTS)


_ENTITLEMENTS = """
UPDATE entitlements SET entitlement = jsonb_set(entitlement, '{granted,quantity}', '1')
WHERE entitlement->'granted' <> 'null'"""
