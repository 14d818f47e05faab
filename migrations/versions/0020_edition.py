"""How démarches are made and shared: work in progress and its steps, numbered publications, what adopters must choose.

A row whose `proprietaire_id` is empty is the platform's, written by its role alone; otherwise it is one collectivité's,
and nobody else sees it.
"""

from alembic import op

from migrations.politiques import commune, forcer

revision = "0020_edition"
down_revision = "0019_parcours"
branch_labels = None
depends_on = None

TABLES = """
-- A dossier made in test mode is a test dossier, whoever forgets to say so.
ALTER TABLE demarches_dossier ALTER COLUMN essai SET DEFAULT en_essai();
-- A version that a collectivité wrote for itself. Content stays immutable; whose it is too.
ALTER TABLE demarches_version ADD COLUMN proprietaire_id uuid REFERENCES socle_collectivite;
-- Each version that was offered, in order; « version 3 » means something on the phone.
CREATE TABLE demarches_publication (
  id uuid PRIMARY KEY,
  proprietaire_id uuid REFERENCES socle_collectivite,
  slug text NOT NULL,
  numero integer NOT NULL CHECK (numero > 0),
  version_id text NOT NULL REFERENCES demarches_version,
  publiee_le timestamptz NOT NULL,
  auteur text NOT NULL,
  note text NOT NULL DEFAULT '',
  UNIQUE NULLS NOT DISTINCT (proprietaire_id, slug, numero),
  -- What a commune writes for itself is called local-…: it can never take the name of a shared démarche.
  CHECK ((proprietaire_id IS NOT NULL) = (slug LIKE 'local-%'))
);
CREATE INDEX demarches_publication_version ON demarches_publication (version_id);
CREATE TABLE demarches_chantier (
  id uuid PRIMARY KEY,
  proprietaire_id uuid REFERENCES socle_collectivite,
  slug text NOT NULL,
  base_version_id text REFERENCES demarches_version,
  revision integer NOT NULL DEFAULT 1,
  contenu jsonb NOT NULL,
  -- Revisions to come back to, latest last.
  annuler integer[] NOT NULL DEFAULT '{}',
  refaire integer[] NOT NULL DEFAULT '{}',
  cree_le timestamptz NOT NULL,
  modifie_le timestamptz NOT NULL,
  modifie_par text NOT NULL,
  UNIQUE NULLS NOT DISTINCT (proprietaire_id, slug),
  CHECK ((proprietaire_id IS NOT NULL) = (slug LIKE 'local-%'))
);
CREATE TABLE demarches_pas (
  chantier_id uuid NOT NULL REFERENCES demarches_chantier ON DELETE CASCADE,
  revision integer NOT NULL,
  contenu jsonb NOT NULL,
  geste text NOT NULL,
  auteur text NOT NULL,
  quand timestamptz NOT NULL,
  PRIMARY KEY (chantier_id, revision)
);
-- What a form and its workflow must go on doing, recorded from a test dossier, replayed before each publication.
CREATE TABLE demarches_scenario (
  id uuid PRIMARY KEY,
  proprietaire_id uuid REFERENCES socle_collectivite,
  slug text NOT NULL,
  nom text NOT NULL CHECK (btrim(nom) <> ''),
  contenu jsonb NOT NULL,
  cree_le timestamptz NOT NULL,
  auteur text NOT NULL
);
CREATE INDEX demarches_scenario_slug ON demarches_scenario (slug);
-- A new shared version that touches what a collectivité changed: it keeps the old one until it chooses.
CREATE TABLE demarches_nouveaute (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  slug text NOT NULL,
  version_id text NOT NULL REFERENCES demarches_version,
  parties jsonb NOT NULL DEFAULT '[]',
  cree_le timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, slug)
);
-- Dossiers that follow a publication: how far the job is, so that it goes on where it was killed.
CREATE TABLE demarches_bascule (
  id uuid PRIMARY KEY,
  proprietaire_id uuid REFERENCES socle_collectivite,
  slug text NOT NULL,
  version_id text NOT NULL REFERENCES demarches_version,
  deposes boolean NOT NULL,
  curseur uuid,
  deplaces integer NOT NULL DEFAULT 0,
  laisses integer NOT NULL DEFAULT 0,
  cree_le timestamptz NOT NULL,
  finie_le timestamptz
);
-- A publication counts and moves the dossiers of one démarche, wherever they are: few are open at a time.
CREATE INDEX demarches_dossier_a_suivre ON demarches_dossier (slug, id) WHERE clos_le IS NULL AND NOT essai;

-- Nobody adopts what another collectivité keeps for itself, not even by a mistake of the platform's code: foreign keys
-- see every row, whereas this function sees what its caller may read.
CREATE FUNCTION adoption_permise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM demarches_version v WHERE v.id = NEW.version_id
                 AND (v.proprietaire_id IS NULL OR v.proprietaire_id = NEW.collectivite_id)) THEN
    RAISE EXCEPTION 'a version that this collectivité may not offer' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER permise BEFORE INSERT OR UPDATE OF version_id ON demarches_adoption
  FOR EACH ROW EXECUTE FUNCTION adoption_permise();
"""

# A person who follows a dossier reads the version it pins; the dossier's own policies say whose it is.
VERSIONS = """
ALTER TABLE demarches_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE demarches_version FORCE ROW LEVEL SECURITY;
CREATE POLICY plateforme ON demarches_version TO kumun_plateforme, kumun_proprietaire USING (true) WITH CHECK (true);
CREATE POLICY lecture ON demarches_version FOR SELECT TO kumun_app USING (
  proprietaire_id IS NULL OR proprietaire_id = ANY ((SELECT perimetre())::uuid[])
  OR EXISTS (SELECT FROM demarches_dossier d WHERE d.usager_id = (SELECT usager_courant())
             AND d.version_id = demarches_version.id));
GRANT SELECT ON demarches_publication TO kumun_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON demarches_chantier, demarches_scenario TO kumun_app;
GRANT SELECT, INSERT, DELETE ON demarches_pas TO kumun_app;
CREATE POLICY lecture ON demarches_publication FOR SELECT TO kumun_app
  USING (proprietaire_id IS NULL OR proprietaire_id = ANY ((SELECT perimetre())::uuid[]));
"""

SIENS = """
CREATE POLICY lecture ON {table} FOR SELECT TO kumun_app USING (
  proprietaire_id = ANY ((SELECT perimetre())::uuid[]) AND (SELECT en_instruction()));
CREATE POLICY ajout ON {table} FOR INSERT TO kumun_app WITH CHECK (
  proprietaire_id = (SELECT collectivite_courante()) AND (SELECT en_instruction()));
CREATE POLICY modification ON {table} FOR UPDATE TO kumun_app
  USING (proprietaire_id = (SELECT collectivite_courante()) AND (SELECT en_instruction()))
  WITH CHECK (proprietaire_id = (SELECT collectivite_courante()) AND (SELECT en_instruction()));
CREATE POLICY retrait ON {table} FOR DELETE TO kumun_app USING (
  proprietaire_id = (SELECT collectivite_courante()) AND (SELECT en_instruction()));
"""

PAS = """
CREATE POLICY lecture ON demarches_pas FOR SELECT TO kumun_app USING (EXISTS (
  SELECT FROM demarches_chantier c WHERE c.id = chantier_id
  AND c.proprietaire_id = ANY ((SELECT perimetre())::uuid[]) AND (SELECT en_instruction())));
CREATE POLICY ajout ON demarches_pas FOR INSERT TO kumun_app WITH CHECK (EXISTS (
  SELECT FROM demarches_chantier c WHERE c.id = chantier_id
  AND c.proprietaire_id = (SELECT collectivite_courante()) AND (SELECT en_instruction())));
CREATE POLICY retrait ON demarches_pas FOR DELETE TO kumun_app USING (EXISTS (
  SELECT FROM demarches_chantier c WHERE c.id = chantier_id
  AND c.proprietaire_id = (SELECT collectivite_courante()) AND (SELECT en_instruction())));
"""


def upgrade() -> None:
    op.execute(TABLES)
    plateforme = ("publication", "chantier", "pas", "scenario", "bascule")
    regles = [
        *(forcer(f"demarches_{nom}") for nom in plateforme),
        commune("demarches_nouveaute", "SELECT, DELETE"),
    ]
    for sql in (phrase for regle in regles for phrase in regle):
        op.execute(sql)
    op.execute(VERSIONS)
    for table in ("demarches_chantier", "demarches_scenario"):
        op.execute(SIENS.format(table=table))
    op.execute(PAS)


def downgrade() -> None:
    raise RuntimeError("published versions are not dropped by a migration")
