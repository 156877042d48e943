"""The API sees which bills are still to be made, of its tenant and of nothing else that is due"""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """The view has the owner's eyes, and shows the rows of the tenant that was set: timers themselves stay out of reach."""
    op.execute("CREATE INDEX ix_invoices_billing_on ON invoices (tenant_id, (document ->> 'billing_on'))")
    op.execute(_DUE_BILLS)
    op.execute("GRANT SELECT ON due_bills TO billing_api, billing_worker")


_DUE_BILLS = """
CREATE VIEW due_bills WITH (security_barrier) AS
SELECT tenant_id, subject AS subscription_id, fire_at FROM timers
WHERE name = 'bill' AND tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"""
