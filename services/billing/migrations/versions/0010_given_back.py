"""What a credit note gave back and was used since is not refundable any more"""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(_GIVEN_BACK)


_GIVEN_BACK = """
UPDATE invoices i SET document = document || jsonb_build_object('given_back_minor', used.minor)
FROM (SELECT tenant_id, invoice_id, sum(credit_used_minor)::bigint AS minor
      FROM payment_allocations GROUP BY tenant_id, invoice_id HAVING sum(credit_used_minor) <> 0) used
WHERE used.tenant_id = i.tenant_id AND used.invoice_id = i.invoice_id"""
