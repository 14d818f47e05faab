"""Delays told to residents, one anonymous question after closure, where drafts stop, and lists of elimination."""

from alembic import op

from migrations.politiques import fonction, interne

revision = "0015_mesures"
down_revision = "0014_lots"
branch_labels = None
depends_on = None

MESURES = """
-- Written once a night; read with the adoption, so that telling a delay costs no statement.
ALTER TABLE demarches_adoption
  ADD COLUMN delai_nombre integer,
  ADD COLUMN delai_mediane smallint,
  ADD COLUMN delai_p90 smallint;
-- That a question was answered, never how: the answer is only a number among others.
ALTER TABLE demarches_dossier ADD COLUMN avis_donne boolean NOT NULL DEFAULT false;
CREATE TABLE demarches_satisfaction (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  slug text NOT NULL,
  mois date NOT NULL,
  note smallint NOT NULL CHECK (note BETWEEN 1 AND 4),
  nombre integer NOT NULL,
  PRIMARY KEY (collectivite_id, slug, mois, note)
);
-- Drafts that were purged, by the page of their last answer ('' when there was none).
CREATE TABLE demarches_abandon (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  slug text NOT NULL,
  mois date NOT NULL,
  page text NOT NULL,
  nombre integer NOT NULL,
  PRIMARY KEY (collectivite_id, slug, mois, page)
);
CREATE TABLE demarches_elimination (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL,
  slug text NOT NULL,
  titre text NOT NULL,
  -- Dossiers whose term ended before that instant, and no other, whatever ends while the work goes on.
  avant_le timestamptz NOT NULL,
  prevus integer NOT NULL,
  dossiers integer NOT NULL DEFAULT 0,
  pieces integer NOT NULL DEFAULT 0,
  valide_par text NOT NULL CHECK (btrim(valide_par) <> ''),
  valide_le timestamptz NOT NULL,
  fini_le timestamptz,
  PRIMARY KEY (collectivite_id, id)
);
CREATE INDEX demarches_dossier_clos ON demarches_dossier (collectivite_id, slug, clos_le) WHERE clos_le IS NOT NULL;
"""

PORTES = """
CREATE FUNCTION donner_avis(p_dossier uuid, p_note integer, p_maintenant timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE lieu uuid; demarche text;
BEGIN
  UPDATE demarches_dossier d SET avis_donne = true
    WHERE d.id = p_dossier AND d.collectivite_id = ANY (perimetre()) AND d.clos_le IS NOT NULL
      AND NOT d.avis_donne AND NOT d.essai AND p_note BETWEEN 1 AND 4
    RETURNING d.collectivite_id, d.slug INTO lieu, demarche;
  IF NOT FOUND THEN RETURN false; END IF;
  INSERT INTO demarches_satisfaction (collectivite_id, slug, mois, note, nombre)
    VALUES (lieu, demarche, date_trunc('month', p_maintenant AT TIME ZONE 'UTC')::date, p_note, 1)
    ON CONFLICT (collectivite_id, slug, mois, note)
    DO UPDATE SET nombre = demarches_satisfaction.nombre + 1;
  RETURN true;
END $$;
-- Residents' drafts are nobody else's. This counts those untouched for a day, by the field answered last.
CREATE FUNCTION compter_brouillons(p_slug text, p_maintenant timestamptz)
RETURNS TABLE (version_id text, champ_id text, nombre bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT d.version_id, coalesce(r.champ_id, ''), count(*)
  FROM demarches_dossier d LEFT JOIN LATERAL (
    SELECT x.champ_id FROM demarches_reponse x
    WHERE x.collectivite_id = d.collectivite_id AND x.dossier_id = d.id ORDER BY x.modifie_le DESC LIMIT 1) r ON true
  WHERE en_instruction() AND d.collectivite_id = ANY (perimetre()) AND d.etat = 'brouillon' AND d.canal = 'web'
    AND NOT d.essai AND d.slug = p_slug AND d.modifie_le < p_maintenant - interval '1 day'
  GROUP BY 1, 2
$$;
"""


def upgrade() -> None:
    op.execute(MESURES)
    op.execute(PORTES)
    regles = [
        interne("demarches_satisfaction", "SELECT"),
        interne("demarches_abandon", "SELECT"),
        interne("demarches_elimination", "SELECT, INSERT, UPDATE"),
    ]
    for sql in (phrase for regle in regles for phrase in regle):
        op.execute(sql)
    for signature in ("donner_avis(uuid, integer, timestamptz)", "compter_brouillons(text, timestamptz)"):
        for sql in fonction(signature):
            op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("what was counted is not forgotten by a migration")
