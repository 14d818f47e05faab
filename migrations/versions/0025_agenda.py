"""The agents' side of rendez-vous: closures, how the calendar is read, arrivals, the queue on the spot, figures."""

from alembic import op

from migrations import politiques

revision = "0025_agenda"
down_revision = "0024_compteurs"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE rendezvous_reglage (
  collectivite_id uuid PRIMARY KEY REFERENCES socle_collectivite,
  -- Alsace-Moselle: Good Friday only where there is a Protestant or mixed church (code du travail L. 3134-13).
  vendredi_saint boolean NOT NULL DEFAULT true,
  -- Rules are expanded up to this day, not included; each night a little further.
  deplie_jusqu_au date
);
CREATE TABLE rendezvous_fermeture (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL,
  du date NOT NULL,
  au date NOT NULL,
  libelle text NOT NULL DEFAULT '',
  PRIMARY KEY (collectivite_id, id),
  CHECK (du <= au)
);
-- Who came: set at the counter, by the code of the message or by name.
ALTER TABLE rendezvous_rendezvous ADD arrive_le timestamptz;
-- Somebody who waits on the spot, with a rendez-vous or without; emptied every night.
CREATE TABLE rendezvous_ticket (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  lieu_id uuid NOT NULL,
  jour date NOT NULL,
  numero integer NOT NULL CHECK (numero > 0),
  motif text NOT NULL DEFAULT '',
  rendezvous_id uuid,
  pris_le timestamptz NOT NULL,
  appele_le timestamptz,
  guichet text NOT NULL DEFAULT '',
  fini_le timestamptz,
  PRIMARY KEY (collectivite_id, id),
  UNIQUE (collectivite_id, lieu_id, jour, numero),
  FOREIGN KEY (collectivite_id, lieu_id) REFERENCES rendezvous_lieu ON DELETE CASCADE,
  FOREIGN KEY (collectivite_id, rendezvous_id) REFERENCES rendezvous_rendezvous
);
-- How many days one waits for the first créneau of a motif, noted each night; null when there is none.
CREATE TABLE rendezvous_mesure (
  collectivite_id uuid NOT NULL,
  motif_id uuid NOT NULL,
  jour date NOT NULL,
  delai_jours integer CHECK (delai_jours >= 0),
  PRIMARY KEY (collectivite_id, motif_id, jour),
  FOREIGN KEY (collectivite_id, motif_id) REFERENCES rendezvous_motif ON DELETE CASCADE
);
"""


def upgrade() -> None:
    op.execute(TABLES)
    for statement in (
        *politiques.commune("rendezvous_reglage"),
        *politiques.commune("rendezvous_fermeture"),
        *politiques.commune("rendezvous_mesure"),
        *politiques.interne("rendezvous_ticket"),
    ):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE rendezvous_mesure, rendezvous_ticket, rendezvous_fermeture, rendezvous_reglage")
    op.execute("ALTER TABLE rendezvous_rendezvous DROP COLUMN arrive_le")
