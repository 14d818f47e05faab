"""What a step of a parcours reaches outside: addresses called (webhooks), text messages, what became of each."""

from alembic import op

from migrations.politiques import du_dossier, interne

revision = "0035_suite"
down_revision = "0024_compteurs"
branch_labels = None
depends_on = None

APPELS = """
-- The outside addresses that a collectivité lets its parcours call, by the name that definitions use.
CREATE TABLE demarches_point (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  cle text NOT NULL CHECK (cle ~ '^[a-z][a-z0-9_]{0,39}$'),
  url text NOT NULL CHECK (length(url) <= 500),
  -- Sealed with the installation's key: it signs each call.
  secret bytea NOT NULL,
  modifie_le timestamptz NOT NULL,
  modifie_par text NOT NULL,
  PRIMARY KEY (collectivite_id, cle)
);
CREATE TABLE demarches_appel (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  etape text NOT NULL,
  point text NOT NULL,
  libelle text NOT NULL,
  bloquant boolean NOT NULL,
  -- What was true when the step began: a call that is made again says the same.
  corps jsonb NOT NULL,
  etat text NOT NULL DEFAULT 'a_faire' CHECK (etat IN ('a_faire', 'livre', 'echec', 'passe')),
  essais smallint NOT NULL DEFAULT 0,
  detail text NOT NULL DEFAULT '',
  cree_le timestamptz NOT NULL,
  dernier_le timestamptz,
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE
);
CREATE INDEX demarches_appel_dossier ON demarches_appel (collectivite_id, dossier_id);
"""
SMS = """
ALTER TABLE demarches_envoi ADD COLUMN moyen text NOT NULL DEFAULT 'courriel' CHECK (moyen IN ('courriel', 'sms'));
-- How many segments of text messages each collectivité may send a month (the installation's figure when there is no
-- row), and has sent.
CREATE TABLE socle_sms_quota (
  collectivite_id uuid PRIMARY KEY REFERENCES socle_collectivite,
  par_mois integer NOT NULL CHECK (par_mois >= 0)
);
CREATE TABLE socle_sms_mois (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  mois date NOT NULL,
  segments integer NOT NULL CHECK (segments >= 0),
  PRIMARY KEY (collectivite_id, mois)
);
"""


def upgrade() -> None:
    op.execute(APPELS)
    op.execute(SMS)
    regles = [
        interne("demarches_point"),
        du_dossier("demarches_appel", "SELECT, INSERT, UPDATE", reserve="false"),
        interne("socle_sms_quota", "SELECT"),
        interne("socle_sms_mois", "SELECT, INSERT, UPDATE"),
    ]
    for sql in (phrase for regle in regles for phrase in regle):
        op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("what was sent outside is not forgotten by a migration")
