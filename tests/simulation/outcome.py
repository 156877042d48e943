"""What is left of a story when all is at rest, in words that do not depend on ids, nor on the order of deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulation.world import World

Outcome = Mapping[str, list[tuple[Any, ...]]]


def outcome(world: World) -> Outcome:
    """By subject: rows, sorted. A customer has one subscription, and stands for it."""
    return {
        subject: sorted((tuple(row) for row in world.rooms[service].rows(query)), key=str)
        for subject, (service, query) in QUERIES.items()
    }


def differences(calm: Outcome, wild: Outcome) -> list[str]:
    told = []
    for subject in calm:
        missing = [row for row in calm[subject] if row not in wild[subject]]
        unexpected = [row for row in wild[subject] if row not in calm[subject]]
        told += [f"{subject}: calm only {_shown(row)}" for row in missing]
        told += [f"{subject}: wild only {_shown(row)}" for row in unexpected]
        if not missing and not unexpected and len(calm[subject]) != len(wild[subject]):
            told.append(f"{subject}: {len(calm[subject])} in the calm, {len(wild[subject])} in the wild")
    return told


def _shown(row: tuple[Any, ...]) -> str:
    return " ".join(str(value) for value in row)


# Lines, and not invoices: what is due on a day may come as one invoice or as two, when a renewal is heard of late.
QUERIES = {
    "customers": ("billing", "SELECT key, customer FROM customers"),
    "plans": ("billing", "SELECT code, version, plan FROM plans"),
    "subscriptions": (
        "billing",
        """SELECT s.customer_key, s.status, next.customer_key AS successor, t->>'number', t->>'starts_on', t->>'ends_on',
             t->>'plan_version', t->>'base_minor', t->>'renewal'
           FROM subscriptions s CROSS JOIN jsonb_array_elements(s.subscription->'terms') t
           LEFT JOIN subscriptions next ON next.subscription_id = (s.subscription->>'successor_subscription_id')::uuid""",
    ),
    "quotes": (
        "billing",
        # Where the contract was over, or longer, before billing heard that its renewal had opened, nothing was drafted; and
        # what was withdrawn may have been drafted before the contract changed, or after.
        """SELECT c.key, q.purpose, q.status, CASE WHEN q.status <> 'withdrawn' THEN q.version END
           FROM quotes q JOIN customers c USING (customer_id) LEFT JOIN subscriptions s USING (subscription_id)
           WHERE q.purpose <> 'renewal' OR q.status <> 'withdrawn'
             OR s.status NOT IN ('cancelled', 'transferred') AND NOT EXISTS (
               SELECT FROM jsonb_array_elements(s.subscription->'terms') t
               WHERE t->>'starts_on' >= q.quote#>>'{versions,1,lines,0,starts_on}')""",
    ),
    "lines": (
        "billing",
        """SELECT i.customer_key, CASE WHEN l->'amount'->>'minor' <> '0' THEN i.status END, i.issued_on, i.due_on,
             l->>'kind', l->>'charge', l->>'group', l->>'quantity', l->'amount'->>'minor', l->>'starts_on',
             l->>'ends_on', l->>'term_number', l->>'plan_version'
           FROM invoices i CROSS JOIN jsonb_array_elements(i.document->'lines') l""",
    ),
    "owed": (
        "billing",
        """SELECT customer_key, issued_on, due_on, status, sum(total_minor), sum(open_minor) FROM invoices
           WHERE total_minor <> 0 GROUP BY 1, 2, 3, 4""",
    ),
    "paid": (
        "billing",
        """SELECT i.customer_key, i.issued_on, p.received_at, sum(a.amount_minor)
           FROM payments p JOIN payment_allocations a USING (tenant_id, payment_id)
             JOIN invoices i ON i.tenant_id = a.tenant_id AND i.invoice_id = a.invoice_id GROUP BY 1, 2, 3""",
    ),
    "corrections": (
        "billing",
        """SELECT i.customer_key, i.issued_on, c.charge, c.delta_minor, c.correction->>'revision', c.status,
             c.correction->>'total_minor', c.correction->>'policy'
           FROM open_corrections c JOIN invoices i USING (invoice_id)""",
    ),
    "periods": (
        "billing",
        """SELECT s.customer_key, p.charge, p.starts_on, p.ends_on, p.status, p.revision, p.invoice_id IS NULL
           FROM usage_periods p JOIN subscriptions s USING (subscription_id)""",
    ),
    "waiting bills": ("billing", "SELECT billing_on FROM waiting_bills"),
    "dunning": (
        "billing",
        """SELECT c.key, d.step, d.subscription_id IS NULL FROM dunning d JOIN customers c USING (tenant_id, customer_id)
           WHERE d.step <> 'clear'""",
    ),
    "rights": (
        "entitlement",
        """SELECT customer_key, status, entitlement->>'phase', entitlement->>'ending', entitlement->>'terminated_at',
             entitlement->'granted'->'window', entitlement->'granted'->'features' FROM entitlements""",
    ),
    "holds": (
        "entitlement",
        """SELECT e.customer_key, h.kind, h.placed_at FROM holds h JOIN entitlements e USING (entitlement_id)
           WHERE h.removed_at IS NULL""",
    ),
    "opportunities": (
        "renewals",
        # Our clock may have opened one before it heard that the term is longer: then it was postponed.
        """SELECT customer_key, state, due_on, base_minor, opportunity->'term'->>'number',
             CASE WHEN opportunity->>'opened_by' IS NULL AND EXISTS (
               SELECT FROM events WHERE stream_id = opportunity_id AND type = 'renewal_postponed') THEN greatest(
               (opportunity->>'opened_at')::timestamptz,
               (due_on + 1 - (opportunity#>>'{term,policy,terms,open_days}')::int)::timestamp
                 AT TIME ZONE (opportunity#>>'{term,zone}')) ELSE (opportunity->>'opened_at')::timestamptz END,
             CASE WHEN state IN ('won', 'lost', 'superseded') THEN
               opportunity->'decision' #- '{successor_customer_id}' #- '{successor_subscription_id}' END FROM opportunities""",
    ),
    "metered": (
        "usage",
        """SELECT (SELECT min(name) FROM unnest(p.subjects) name WHERE name !~ '^[0-9a-f]{8}-'),
             p.charge, p.starts_at, p.status, p.revision, t.group_key, t.quantity, t.event_count
           FROM usage_periods p LEFT JOIN usage_totals t USING (period_id)""",
    ),
    "counted": (
        "usage",
        "SELECT sum(received - repeated), sum(metered), sum(unmatched), sum(rejected), sum(conflicting) FROM usage_counts",
    ),
}
