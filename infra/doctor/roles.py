"""May the running roles do what they need and no more? Does the database itself keep tenants apart?"""

from __future__ import annotations

from collections.abc import Iterator

from infra.doctor.findings import Finding, judged
from infra.doctor.installation import Service

REMEDY = "run infra/postgres/roles.sql, give the tables to the owner's role, and let it migrate"


def running_roles(service: Service) -> Iterator[Finding]:
    for role in ("api", "worker"):
        with service.connected(role) as tx:
            row = tx.exec_driver_sql(_ROLE).one()
            may = tx.exec_driver_sql(_EVENTS).one()
        wrong = [
            what for what, is_so in (("superuser", row.rolsuper), ("bypasses policies", row.rolbypassrls)) if is_so
        ]
        wrong += [f"owns {row.owned} tables"] if row.owned else []
        wrong += ["may change events"] if may.change else []
        wrong += [] if may.append else ["may not append events"]
        said = f"{row.rolname}: {', '.join(wrong)}" if wrong else f"{row.rolname} may read and append events"
        yield judged("roles", service.name, said, REMEDY, is_well=not wrong)


def policies(service: Service) -> Iterator[Finding]:
    """A table that the API may read and that has tenants must be under a policy that names the tenant; so must a partition
    that it may read past its table."""
    with service.connected("api") as tx:
        rows = tx.exec_driver_sql(_TENANT_TABLES).all()
    open_ = [row.relname for row in rows if row.readable and not (row.relrowsecurity and row.policies)]
    said = f"without a policy: {', '.join(open_)}" if open_ else f"{len(rows)} tables with tenants keep them apart"
    yield judged("policies", service.name, said, REMEDY, is_well=bool(rows) and not open_)


_ROLE = """
SELECT rolname, rolsuper, rolbypassrls, (SELECT count(*) FROM pg_class WHERE relowner = r.oid AND relkind = 'r') AS owned
FROM pg_roles r WHERE rolname = current_user"""

_EVENTS = """
SELECT has_table_privilege('events', 'SELECT') AND has_table_privilege('events', 'INSERT') AS append,
       has_table_privilege('events', 'UPDATE') OR has_table_privilege('events', 'DELETE')
       OR has_table_privilege('events', 'TRUNCATE') AS change"""

_TENANT_TABLES = """
SELECT c.relname, c.relrowsecurity, has_table_privilege(c.oid, 'SELECT') AS readable,
       (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND pg_get_expr(p.polqual, c.oid) LIKE '%%app.tenant_id%%')
         AS policies
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
WHERE (c.relnamespace = 'public'::regnamespace OR c.relispartition) AND c.relkind IN ('r', 'p')"""
