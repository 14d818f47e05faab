"""The desk: groups and routing, labels, absences, each agent's saved filters; an announcement when a dossier moves."""

from alembic import op

from migrations.politiques import commune, de_l_agent, interne

revision = "0012_bureau"
down_revision = "0011_sauvegarde"
branch_labels = None
depends_on = None

PARTAGE = """
CREATE TABLE demarches_groupe (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL,
  nom text NOT NULL CHECK (btrim(nom) <> '' AND length(nom) <= 60),
  actif boolean NOT NULL DEFAULT true,
  PRIMARY KEY (collectivite_id, id)
);
CREATE UNIQUE INDEX demarches_groupe_nom ON demarches_groupe (collectivite_id, lower(nom)) WHERE actif;
CREATE TABLE demarches_groupe_agent (
  collectivite_id uuid NOT NULL,
  groupe_id uuid NOT NULL,
  agent_id uuid NOT NULL REFERENCES socle_agent,
  PRIMARY KEY (collectivite_id, groupe_id, agent_id),
  FOREIGN KEY (collectivite_id, groupe_id) REFERENCES demarches_groupe ON DELETE CASCADE
);
-- Which group a démarche's dossiers go to, in this collectivité.
CREATE TABLE demarches_routage (
  collectivite_id uuid NOT NULL,
  slug text NOT NULL,
  groupe_id uuid NOT NULL,
  PRIMARY KEY (collectivite_id, slug),
  FOREIGN KEY (collectivite_id, groupe_id) REFERENCES demarches_groupe ON DELETE CASCADE
);
CREATE TABLE demarches_etiquette (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL,
  nom text NOT NULL CHECK (btrim(nom) <> '' AND length(nom) <= 40),
  ton text NOT NULL CHECK (ton IN ('neutre', 'info', 'attente', 'action', 'succes', 'refus')),
  active boolean NOT NULL DEFAULT true,
  PRIMARY KEY (collectivite_id, id)
);
CREATE UNIQUE INDEX demarches_etiquette_nom ON demarches_etiquette (collectivite_id, lower(nom)) WHERE active;
-- While an agent is away, their dossiers show to the substitute too.
CREATE TABLE demarches_absence (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL,
  agent_id uuid NOT NULL REFERENCES socle_agent,
  remplacant_id uuid NOT NULL REFERENCES socle_agent,
  du date NOT NULL,
  au date NOT NULL,
  cree_le timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, id),
  CHECK (au >= du),
  CHECK (agent_id <> remplacant_id)
);
CREATE INDEX demarches_absence_remplacant ON demarches_absence (remplacant_id, au);
CREATE TABLE demarches_vue_bureau (
  agent_id uuid NOT NULL REFERENCES socle_agent,
  id uuid NOT NULL,
  nom text NOT NULL CHECK (btrim(nom) <> '' AND length(nom) <= 60),
  requete text NOT NULL CHECK (length(requete) <= 1000),
  cree_le timestamptz NOT NULL,
  PRIMARY KEY (agent_id, id)
);
CREATE TABLE demarches_preference (
  agent_id uuid PRIMARY KEY REFERENCES socle_agent,
  colonnes text[],
  resume text NOT NULL DEFAULT 'aucun' CHECK (resume IN ('aucun', 'quotidien', 'hebdomadaire')),
  resume_heure smallint NOT NULL DEFAULT 8 CHECK (resume_heure BETWEEN 0 AND 23),
  resume_jour smallint NOT NULL DEFAULT 1 CHECK (resume_jour BETWEEN 1 AND 7),
  dernier_resume timestamptz
);
"""

DOSSIERS = """
-- What lists name a démarche by, without opening the whole version.
ALTER TABLE demarches_version ADD COLUMN titre text;
ALTER TABLE demarches_version DISABLE TRIGGER USER;
UPDATE demarches_version SET titre = contenu ->> 'titre';
ALTER TABLE demarches_version ENABLE TRIGGER USER;
CREATE FUNCTION titrer_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.titre := NEW.contenu ->> 'titre';
  RETURN NEW;
END $$;
CREATE TRIGGER titre BEFORE INSERT ON demarches_version FOR EACH ROW EXECUTE FUNCTION titrer_version();
ALTER TABLE demarches_dossier
  ADD COLUMN groupe_id uuid,
  ADD COLUMN etiquettes uuid[] NOT NULL DEFAULT '{}',
  ADD FOREIGN KEY (collectivite_id, groupe_id) REFERENCES demarches_groupe;
DROP INDEX demarches_dossier_bureau;
-- One index for each order of the list, so that a page is read where it begins, whatever lies before it.
CREATE INDEX demarches_dossier_urgence
  ON demarches_dossier (collectivite_id, (coalesce(silence_le, 'infinity'::date)), depose_le, id)
  WHERE depose_le IS NOT NULL AND clos_le IS NULL;
CREATE INDEX demarches_dossier_ouverts ON demarches_dossier (collectivite_id, depose_le, id)
  WHERE depose_le IS NOT NULL AND clos_le IS NULL;
CREATE INDEX demarches_dossier_tous ON demarches_dossier (collectivite_id, depose_le, id) WHERE depose_le IS NOT NULL;
CREATE INDEX demarches_dossier_etat ON demarches_dossier (collectivite_id, etat)
  WHERE depose_le IS NOT NULL AND clos_le IS NULL;
CREATE INDEX demarches_dossier_agent ON demarches_dossier (agent_id, collectivite_id)
  WHERE agent_id IS NOT NULL AND depose_le IS NOT NULL AND clos_le IS NULL;

CREATE FUNCTION router_dossier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.groupe_id IS NULL THEN
    SELECT r.groupe_id INTO NEW.groupe_id FROM demarches_routage r
      JOIN demarches_groupe g ON g.collectivite_id = r.collectivite_id AND g.id = r.groupe_id AND g.actif
      WHERE r.collectivite_id = NEW.collectivite_id AND r.slug = NEW.slug;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER routage BEFORE UPDATE OF depose_le ON demarches_dossier FOR EACH ROW
  WHEN (OLD.depose_le IS NULL AND NEW.depose_le IS NOT NULL) EXECUTE FUNCTION router_dossier();

-- Every desk that is open hears that something moved in a collectivité; never what.
CREATE FUNCTION annoncer_dossier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('kumun_dossier', NEW.collectivite_id::text);
  RETURN NULL;
END $$;
CREATE TRIGGER annonce AFTER UPDATE OR INSERT ON demarches_dossier FOR EACH ROW
  WHEN (NEW.depose_le IS NOT NULL AND NOT NEW.essai) EXECUTE FUNCTION annoncer_dossier();
"""


def upgrade() -> None:
    op.execute(PARTAGE)
    op.execute(DOSSIERS)
    regles = [
        # Read by whoever submits: the trigger of routing runs in their transaction.
        commune("demarches_groupe"),
        commune("demarches_routage"),
        interne("demarches_groupe_agent"),
        interne("demarches_etiquette"),
        interne("demarches_absence"),
        de_l_agent("demarches_vue_bureau"),
        de_l_agent("demarches_preference"),
    ]
    for sql in (phrase for regle in regles for phrase in regle):
        op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("how agents share the work is not forgotten by a migration")
