"""How long what was loaded is kept: rows until they are counted or discarded, what was told about them for a while."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

CHUNKS_AT_ONCE = 100


def forget(tx: Connection, ended_before: datetime) -> int:
    """A batch itself is never forgotten, nor what became of it, nor who did what with it."""
    chunks = tx.exec_driver_sql(_CHUNKS, {"most": CHUNKS_AT_ONCE}).rowcount
    for table in ("backfill_rejected", "backfill_changes", "backfill_loads"):
        tx.exec_driver_sql(_OLD.format(table=table), {"before": ended_before})
    return chunks


_CHUNKS = """
DELETE FROM backfill_chunks AS c USING (
  SELECT tenant_id, backfill_id, number FROM backfills JOIN backfill_chunks USING (tenant_id, backfill_id)
  WHERE status = 'discarded' LIMIT %(most)s FOR UPDATE OF backfill_chunks SKIP LOCKED) AS gone
WHERE c.tenant_id = gone.tenant_id AND c.backfill_id = gone.backfill_id AND c.number = gone.number"""

# Real time, also where a test clock says when a batch ended.
_OLD = """
DELETE FROM {table} AS t USING backfills AS b
WHERE b.tenant_id = t.tenant_id AND b.backfill_id = t.backfill_id AND b.status IN ('committed', 'discarded')
  AND (SELECT p.touched_at FROM backfill_progress AS p
    WHERE p.tenant_id = t.tenant_id AND p.backfill_id = t.backfill_id) < %(before)s"""
