"""What the console keeps: logos, a file of communes between its trial and its confirmation, failures, settings."""

from alembic import op

from migrations.politiques import commune, forcer

revision = "0006_console"
down_revision = "0005_comptes"
branch_labels = None
depends_on = None

TABLES = """
-- A logo as it is served: PNG made anew, or an SVG that passed the list of what it may hold. Public, told by its hash.
CREATE TABLE collectivites_blason (
  collectivite_id uuid PRIMARY KEY REFERENCES socle_collectivite,
  empreinte text NOT NULL CHECK (empreinte ~ '^[0-9a-f]{32}$'),
  type_mime text NOT NULL CHECK (type_mime IN ('image/png', 'image/svg+xml')),
  contenu bytea NOT NULL CHECK (length(contenu) BETWEEN 1 AND 1048576),
  modifie_le timestamptz NOT NULL
);
CREATE TABLE collectivites_import (
  id uuid PRIMARY KEY,
  nom text NOT NULL,
  contenu bytea NOT NULL CHECK (length(contenu) <= 1048576),
  cree_le timestamptz NOT NULL
);
-- Why a job last failed: the queue itself keeps no reason. Goes with the job.
CREATE TABLE socle_echec (
  job_id bigint PRIMARY KEY REFERENCES procrastinate_jobs ON DELETE CASCADE,
  raison text NOT NULL,
  quand timestamptz NOT NULL
);
CREATE TABLE socle_reglage (
  cle text PRIMARY KEY,
  valeur text NOT NULL,
  modifie_le timestamptz NOT NULL
);
-- Settings are told to every process through the channel that announces collectivités.
CREATE FUNCTION annoncer_reglages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('kumun_collectivite', 'reglages');
  RETURN NULL;
END $$;
CREATE TRIGGER annonce AFTER INSERT OR UPDATE OR DELETE ON socle_reglage
  FOR EACH STATEMENT EXECUTE FUNCTION annoncer_reglages();
GRANT SELECT ON socle_reglage TO kumun_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON socle_reglage TO kumun_plateforme;
-- The console's list goes by name, whatever the accents.
CREATE INDEX socle_collectivite_nom ON socle_collectivite (sans_accents(nom), id);
CREATE INDEX procrastinate_jobs_echec ON procrastinate_jobs (id) WHERE status = 'failed';
"""


def upgrade() -> None:
    op.execute(TABLES)
    for sql in (
        *commune("collectivites_blason", "SELECT"),
        *forcer("collectivites_import"),
        *forcer("socle_echec"),
    ):
        op.execute(sql)


def downgrade() -> None:
    op.execute(
        "DROP INDEX socle_collectivite_nom, procrastinate_jobs_echec;"
        " DROP TABLE collectivites_blason, collectivites_import, socle_echec, socle_reglage;"
        " DROP FUNCTION annoncer_reglages()"
    )
