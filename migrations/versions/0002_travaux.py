"""The queue: procrastinate's own tables, reached by the application through one function only."""

from alembic import op
from procrastinate.schema import SchemaManager

from migrations.politiques import fonction

revision = "0002_travaux"
down_revision = "0001_socle"
branch_labels = None
depends_on = None

EMETTRE = """
CREATE FUNCTION emettre(
  p_file text, p_tache text, p_arguments jsonb, p_verrou text, p_unique text, p_quand timestamptz
) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[
    ROW(p_file, p_tache, 0, p_verrou, p_unique, p_arguments, p_quand)::procrastinate_job_to_defer_v1]))
$$
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.execute(EMETTRE)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO kumun_plateforme")
    op.execute("REVOKE UPDATE, DELETE ON socle_audit, socle_audit_lot FROM kumun_plateforme")
    op.execute("REVOKE DELETE ON socle_collectivite FROM kumun_plateforme")
    op.execute("GRANT UPDATE (lot) ON socle_audit TO kumun_plateforme")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO kumun_plateforme")
    for sql in fonction("emettre(text, text, jsonb, text, text, timestamptz)", "kumun_app, kumun_plateforme"):
        op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("the queue is dropped with the database")
