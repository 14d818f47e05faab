"""Dossiers of test mode: rows apart, that no transaction ever reads or writes together with real ones."""

from alembic import op

revision = "0010_essais"
down_revision = "0009_exports"
branch_labels = None
depends_on = None

ESSAIS = """
ALTER TABLE demarches_dossier ADD COLUMN essai boolean NOT NULL DEFAULT false;
-- Real numbers never begin with 0: a number alone says that it is a test.
ALTER TABLE demarches_dossier ADD CONSTRAINT demarches_dossier_numero_essai
  CHECK (NOT essai OR numero IS NULL OR left(numero, 1) = '0');
CREATE FUNCTION en_essai() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(current_setting('app.essai', true), '') = 'oui' $$;
-- Either test dossiers or real ones, never both, whatever the query: what hangs under a dossier follows it.
CREATE POLICY essai ON demarches_dossier AS RESTRICTIVE TO kumun_app
  USING (essai = (SELECT en_essai())) WITH CHECK (essai = (SELECT en_essai()));
"""


def upgrade() -> None:
    op.execute(ESSAIS)


def downgrade() -> None:
    raise RuntimeError("test dossiers would become real ones")
