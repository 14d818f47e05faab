"""What a step of a parcours reaches outside: addresses called (webhooks), text messages, what became of each."""

from alembic import op

from migrations.politiques import du_dossier, fonction, interne

revision = "0026_suite"
down_revision = "0025_agenda"
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
BUREAU = """
-- What silence will mean, beside its day: the desk says it on each row.
ALTER TABLE demarches_dossier ADD COLUMN silence_sens text CHECK (silence_sens IN ('acceptation', 'refus'));
CREATE INDEX demarches_dossier_etape ON demarches_dossier (collectivite_id, etape)
  WHERE etape <> '' AND clos_le IS NULL;
DROP FUNCTION compter_bureau(uuid[], uuid[], date, text, text, integer);
-- Each collectivité with its own local day (`p_jours`, in the same order): late in Réunion is not late in Brest.
CREATE FUNCTION compter_bureau(
  p_collectivites uuid[], p_agents uuid[], p_jours date[], p_a_prendre text, p_en_attente text, p_limite integer
) RETURNS TABLE (ouverts bigint, a_prendre bigint, miens bigint, en_attente bigint, retard bigint,
  echeances bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE lieux uuid[];
BEGIN
  IF NOT en_instruction() THEN RETURN; END IF;
  lieux := ARRAY(SELECT l FROM unnest(p_collectivites) l WHERE l = ANY (perimetre()));
  RETURN QUERY SELECT
    (SELECT count(*) FROM (SELECT FROM demarches_dossier d WHERE d.collectivite_id = ANY (lieux)
      AND d.depose_le IS NOT NULL AND d.clos_le IS NULL AND NOT d.essai LIMIT p_limite) x),
    (SELECT count(*) FROM (SELECT FROM demarches_dossier d WHERE d.collectivite_id = ANY (lieux)
      AND d.etat = p_a_prendre AND d.depose_le IS NOT NULL AND d.clos_le IS NULL AND NOT d.essai LIMIT p_limite) x),
    -- Written so that the agent's own dossiers are the only way in.
    (SELECT count(*) FROM (SELECT FROM demarches_dossier d WHERE (d.collectivite_id = ANY (lieux)) IS TRUE
      AND d.agent_id = ANY (p_agents) AND d.depose_le IS NOT NULL AND d.clos_le IS NULL AND NOT d.essai
      LIMIT p_limite) x),
    (SELECT count(*) FROM (SELECT FROM demarches_dossier d WHERE d.collectivite_id = ANY (lieux)
      AND d.etat = p_en_attente AND d.depose_le IS NOT NULL AND d.clos_le IS NULL AND NOT d.essai LIMIT p_limite) x),
    (SELECT count(*) FROM (SELECT FROM unnest(p_collectivites, p_jours) AS l(id, jour)
      JOIN demarches_dossier d ON d.collectivite_id = l.id AND d.silence_le < l.jour
        AND d.depose_le IS NOT NULL AND d.clos_le IS NULL AND NOT d.essai
      WHERE l.id = ANY (lieux) LIMIT p_limite) x),
    -- What is late and what will be within fifteen days.
    (SELECT count(*) FROM (SELECT FROM unnest(p_collectivites, p_jours) AS l(id, jour)
      JOIN demarches_dossier d ON d.collectivite_id = l.id AND d.silence_le < l.jour + 16
        AND d.depose_le IS NOT NULL AND d.clos_le IS NULL AND NOT d.essai
      WHERE l.id = ANY (lieux) LIMIT p_limite) x);
END $$;
"""
CONSERVATION = """
-- The day from which a closed dossier may be destroyed, once the person was told of it; NULL until then.
ALTER TABLE demarches_dossier ADD COLUMN suppression_le date;
CREATE INDEX demarches_dossier_terme ON demarches_dossier (version_id, clos_le)
  WHERE clos_le IS NOT NULL AND suppression_le IS NULL;
-- The months of which the agents of a collectivité were reminded.
CREATE TABLE demarches_rappel (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  mois date NOT NULL,
  PRIMARY KEY (collectivite_id, mois)
);
"""


def upgrade() -> None:
    op.execute(APPELS)
    op.execute(SMS)
    op.execute(BUREAU)
    op.execute(CONSERVATION)
    regles = [
        interne("demarches_point"),
        du_dossier("demarches_appel", "SELECT, INSERT, UPDATE", reserve="false"),
        interne("socle_sms_quota", "SELECT"),
        interne("socle_sms_mois", "SELECT, INSERT, UPDATE"),
        interne("demarches_rappel", "SELECT, INSERT"),
        fonction("compter_bureau(uuid[], uuid[], date[], text, text, integer)"),
    ]
    for sql in (phrase for regle in regles for phrase in regle):
        op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("what was sent outside is not forgotten by a migration")
