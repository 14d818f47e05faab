"""Lists of reference that a collectivité publishes, by immutable versions: each answer says which it comes from."""

from alembic import op

from migrations.politiques import commune

revision = "0031_referentiels"
down_revision = "0030_regles"
branch_labels = None
depends_on = None

REFERENTIELS = """
CREATE TABLE demarches_referentiel (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL,
  nom text NOT NULL CHECK (nom ~ '^[a-z0-9][a-z0-9_]{0,39}$'),
  version integer NOT NULL CHECK (version > 0),
  colonnes jsonb NOT NULL,
  nombre integer NOT NULL CHECK (nombre > 0),
  publie_le timestamptz NOT NULL,
  par text NOT NULL,
  PRIMARY KEY (collectivite_id, id),
  UNIQUE (collectivite_id, nom, version)
);
CREATE TABLE demarches_referentiel_ligne (
  collectivite_id uuid NOT NULL,
  referentiel_id uuid NOT NULL,
  rang integer NOT NULL,
  cle text NOT NULL CHECK (cle <> ''),
  libelle text NOT NULL CHECK (libelle <> ''),
  -- The label and the other cells, folded: what is looked for.
  nom_plie text NOT NULL,
  recherche text NOT NULL,
  valeurs jsonb NOT NULL,
  PRIMARY KEY (collectivite_id, referentiel_id, rang),
  UNIQUE (collectivite_id, referentiel_id, cle),
  FOREIGN KEY (collectivite_id, referentiel_id) REFERENCES demarches_referentiel
);
CREATE INDEX demarches_referentiel_ligne_nom
  ON demarches_referentiel_ligne (collectivite_id, referentiel_id, nom_plie);
"""


def upgrade() -> None:
    op.execute(REFERENTIELS)
    for table in ("demarches_referentiel", "demarches_referentiel_ligne"):
        for sql in commune(table, "SELECT, INSERT"):
            op.execute(sql)


def downgrade() -> None:
    op.execute("DROP TABLE demarches_referentiel_ligne, demarches_referentiel")
