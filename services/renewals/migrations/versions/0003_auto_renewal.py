"""Terms may renew by themselves: rows say what was not said before"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for statement in (_POLICIES, _OPPORTUNITIES):
        op.execute(statement)


_POLICIES = """UPDATE policy_versions SET policy = jsonb_set(policy, '{terms,auto}', 'null')"""

_OPPORTUNITIES = """
UPDATE opportunities
SET opportunity = jsonb_set(opportunity, '{term,policy,terms,auto}', 'null') || '{"mode": "assisted"}'"""
