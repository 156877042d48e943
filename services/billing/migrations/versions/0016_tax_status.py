"""Customers may be exempt from tax, or owe it themselves: rows say that nobody was yet"""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("""UPDATE customers SET customer = customer || '{"tax": null}'""")
    op.execute("""UPDATE waiting_bills SET bill = bill || '{"tax": null}'""")
    op.execute("""UPDATE invoices SET document = document || '{"tax": null}'""")
