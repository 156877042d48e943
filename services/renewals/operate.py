"""What operators of renewals type: `python -m services.renewals.operate verify|rebuild|republish [--since INSTANT]`."""

import sys

from services.renewals.settings import Settings
from services.renewals.store import OUTBOX, READ_MODELS, create_store
from shared.operate import operate

if __name__ == "__main__":
    sys.exit(operate(Settings(), create_store(), OUTBOX, READ_MODELS))
