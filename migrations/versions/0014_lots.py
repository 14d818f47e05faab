"""Batches of the desk and templates of messages: one line a dossier, done once however often the work restarts."""

from alembic import op

from migrations.politiques import de_l_agent, interne

revision = "0014_lots"
down_revision = "0013_recherche"
branch_labels = None
depends_on = None

LOTS = """
CREATE TABLE demarches_modele (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL,
  -- The démarche that it is for; '' for all.
  slug text NOT NULL DEFAULT '',
  nom text NOT NULL CHECK (btrim(nom) <> '' AND length(nom) <= 80),
  texte text NOT NULL CHECK (btrim(texte) <> '' AND length(texte) <= 5000),
  actif boolean NOT NULL DEFAULT true,
  PRIMARY KEY (collectivite_id, id)
);
CREATE UNIQUE INDEX demarches_modele_nom ON demarches_modele (collectivite_id, lower(nom)) WHERE actif;
CREATE TABLE demarches_lot (
  agent_id uuid NOT NULL REFERENCES socle_agent,
  id uuid NOT NULL,
  acte text NOT NULL,
  parametres jsonb NOT NULL DEFAULT '{}',
  nombre integer NOT NULL CHECK (nombre BETWEEN 1 AND 10000),
  cree_le timestamptz NOT NULL,
  PRIMARY KEY (agent_id, id)
);
CREATE TABLE demarches_lot_ligne (
  collectivite_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  rang integer NOT NULL,
  -- Not a key: a line outlives the dossier that retention destroys, and dies with its batch.
  dossier_id uuid NOT NULL,
  etat text NOT NULL DEFAULT 'a_faire' CHECK (etat IN ('a_faire', 'fait', 'refuse')),
  motif text NOT NULL DEFAULT '',
  PRIMARY KEY (collectivite_id, lot_id, rang)
);
CREATE UNIQUE INDEX demarches_lot_ligne_dossier ON demarches_lot_ligne (lot_id, collectivite_id, dossier_id);
CREATE INDEX demarches_lot_ligne_suite ON demarches_lot_ligne (lot_id, rang) WHERE etat = 'a_faire';
CREATE INDEX demarches_lot_ligne_refus ON demarches_lot_ligne (lot_id, rang) WHERE etat = 'refuse';
"""


def upgrade() -> None:
    op.execute(LOTS)
    regles = [interne("demarches_modele"), de_l_agent("demarches_lot"), interne("demarches_lot_ligne")]
    for sql in (phrase for regle in regles for phrase in regle):
        op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("batches under way are not dropped by a migration")
