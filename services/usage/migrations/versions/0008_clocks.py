"""Meters tell events apart by the time of day: those that were defined before have no clock"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(_METERS)


# As it would be written now, to the letter: the text of a definition is kept as it is.
_METERS = """UPDATE usage_meters SET definition = (left(definition::text, -1) || ',"clock"' || ':' || 'null}')::json"""
