"""What operators of billing type: `python -m services.billing.operate verify|rebuild|books|republish [--since INSTANT]`."""

import sys

from services.billing.projections.books import books
from services.billing.settings import Settings
from services.billing.store import OUTBOX, READ_MODELS, create_store
from shared.operate import operate

if __name__ == "__main__":
    sys.exit(operate(Settings(), create_store(), OUTBOX, READ_MODELS, books.CHECKS))
