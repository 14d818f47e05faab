"""PostgreSQL's own catalogue says that no table escapes: forced policies, plain roles, and a written list of doors."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.socle.roles import APP, PLATEFORME, PROPRIETAIRE
from tests.outillage.base import BaseEssai

# Read by every visitor, written by the platform alone: which host is which commune, the settings of the
# installation.
PUBLIQUES = {"socle_collectivite", "socle_hote", "socle_reglage"}
# Rows reached only by the hash of a secret, and counters of hashes: nobody's data can be told from them.
SANS_POLITIQUE = {"socle_connexion", "socle_idempotence", "socle_limite", "socle_objet_attendu"}

_TABLES = """
SELECT c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner),
  EXISTS (SELECT FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attname = 'collectivite_id' AND NOT a.attisdropped),
  ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) p
    WHERE has_any_column_privilege('kumun_app', c.oid, p))
  || ARRAY(SELECT p FROM unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) p
    WHERE has_table_privilege('kumun_app', c.oid, p))
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_POLICIES = """
SELECT polname, CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
    ELSE 'ALL' END, ARRAY(SELECT r::regrole::text FROM unnest(polroles) r),
  coalesce(pg_get_expr(polqual, polrelid), ''), coalesce(pg_get_expr(polwithcheck, polrelid), '')
FROM pg_policy WHERE polrelid = %s AND polpermissive
"""


def faults_of_tables(base: BaseEssai) -> list[str]:
    """Every table that somebody's rows could leak from, with the reason."""
    faults = []
    for oid, name, kind, enabled, forced, owner, tenant, rights in base.sql(_TABLES):
        if owner in (APP, PLATEFORME):
            faults.append(f"{name} belongs to {owner}")
        if kind != "r":
            faults.append(f"{name} is no plain table: a view reads with its owner's eyes")
        if {"TRUNCATE", "TRIGGER"} & set(rights):
            faults.append(f"{name}: {APP} may {rights}")
        if name in PUBLIQUES:
            if set(rights) != {"SELECT"}:
                faults.append(f"{name}: shared by all, and {APP} may {rights}")
        elif name not in SANS_POLITIQUE and (tenant or rights):
            faults += [] if enabled and forced else [f"{name}: row-level security is not forced"]
            faults += _faults_of_policies(name, set(rights), base.sql(_POLICIES, oid))
    return faults


def _faults_of_policies(name: str, rights: set[str], policies: list[tuple[object, ...]]) -> list[str]:
    faults = []
    covered: set[str] = set()
    for policy, command, roles, using, check in policies:
        assert isinstance(roles, list)
        if "-" in roles:
            faults.append(f"{name}: policy {policy} is for everybody")
        if APP in roles:
            covered |= {"SELECT", "INSERT", "UPDATE", "DELETE"} if command == "ALL" else {str(command)}
            for condition in (using, check):
                # What hangs under a dossier is seen by whoever sees the dossier: its own policies look.
                under = f"d.collectivite_id = {name}.collectivite_id) AND (d.id = {name}.dossier_id)"
                looked_at = ("perimetre()", "courant", "courante()", under)
                if condition and not any(found in str(condition) for found in looked_at):
                    faults.append(f"{name}: policy {policy} does not look at the perimeter: {condition}")
    faults += [f"{name}: {APP} may {right} without a policy" for right in sorted(rights - covered)]
    return faults


@contextmanager
def undone(base: BaseEssai) -> Iterator[None]:
    """What is done in the block is undone after it."""
    base.sql("BEGIN")
    try:
        yield
    finally:
        base.sql("ROLLBACK")


def test_no_table_escapes_the_perimeter(base: BaseEssai) -> None:
    assert faults_of_tables(base) == []
    tenants = [row for row in base.sql(_TABLES) if row[6]]
    assert len(tenants) >= 16


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("CREATE TABLE fuite (collectivite_id uuid, id uuid)", "not forced"),
        ("CREATE TABLE fuite (id uuid); GRANT SELECT ON fuite TO kumun_app", "not forced"),
        ("ALTER TABLE demarches_piece NO FORCE ROW LEVEL SECURITY", "not forced"),
        ("ALTER TABLE demarches_piece DISABLE ROW LEVEL SECURITY", "not forced"),
        ("ALTER TABLE demarches_piece OWNER TO kumun_app", "belongs to kumun_app"),
        ("DROP POLICY lecture ON demarches_piece", "may SELECT without a policy"),
        ("CREATE POLICY ouverte ON demarches_piece USING (true)", "for everybody"),
        ("CREATE POLICY ouverte ON demarches_piece FOR SELECT TO kumun_app USING (true)", "does not look"),
        ("CREATE VIEW fuite AS SELECT * FROM demarches_piece", "is no plain table"),
        ("GRANT INSERT ON socle_hote TO kumun_app", "shared by all"),
        ("GRANT TRUNCATE ON demarches_piece TO kumun_app", "may"),
        ("GRANT DELETE ON demarches_decision TO kumun_app", "may DELETE without a policy"),
    ],
)
def test_a_planted_leak_is_found(base: BaseEssai, fault: str, told: str) -> None:
    with undone(base):
        base.sql(fault)
        assert any(told in one for one in faults_of_tables(base)), faults_of_tables(base)


def test_no_role_of_ours_passes_beside_the_policies(base: BaseEssai) -> None:
    rows = base.sql(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,"
        " EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) FROM pg_roles r WHERE rolname = ANY(%s)",
        [APP, PLATEFORME, PROPRIETAIRE],
    )
    assert {row[0] for row in rows} == {APP, PLATEFORME, PROPRIETAIRE}
    assert all(not any(row[1:]) for row in rows), rows
    (making,) = base.sql(
        "SELECT has_schema_privilege('kumun_app', 'public', 'CREATE'),"
        " has_schema_privilege('kumun_plateforme', 'public', 'CREATE'),"
        " has_database_privilege('kumun_app', current_database(), 'CREATE, TEMPORARY')"
    )
    assert making == (False, False, False)


def test_the_application_reaches_the_queue_and_the_sealed_batches_by_no_table(base: BaseEssai) -> None:
    rights = {row[1]: row[7] for row in base.sql(_TABLES)}
    closed = [name for name in rights if name.startswith("procrastinate_")]
    assert len(closed) >= 4
    for name in (*closed, "socle_audit_lot", "demarches_recherche", "alembic_version"):
        assert rights[name] == [], name


def test_keys_carry_the_collectivite(base: BaseEssai) -> None:
    """What hangs under a dossier cannot point at another collectivité's: the foreign key holds both columns."""
    rows = base.sql(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f'"
        " AND confrelid IN (SELECT attrelid FROM pg_attribute WHERE attname = 'collectivite_id')"
        " AND confrelid <> 'socle_hote'::regclass AND NOT EXISTS ("
        "   SELECT FROM unnest(confkey) k JOIN pg_attribute a ON a.attrelid = confrelid AND a.attnum = k"
        "   WHERE a.attname = 'collectivite_id')"
    )
    assert rows == []
