"""The counters of the desk, from indexes alone: they cost the same with a hundred open dossiers and with a million."""

from alembic import op

from migrations.politiques import fonction

revision = "0024_compteurs"
down_revision = "0023_reservations"
branch_labels = None
depends_on = None

COMPTEURS = """
-- The counters are read from these alone, never from the rows, which the policies would have visited one by one.
DROP INDEX demarches_dossier_etat;
CREATE INDEX demarches_dossier_etat ON demarches_dossier (collectivite_id, etat)
  WHERE depose_le IS NOT NULL AND clos_le IS NULL AND NOT essai;
CREATE INDEX demarches_dossier_retard ON demarches_dossier (collectivite_id, silence_le)
  WHERE depose_le IS NOT NULL AND clos_le IS NULL AND NOT essai;
CREATE FUNCTION compter_bureau(
  p_collectivites uuid[], p_agents uuid[], p_jour date, p_a_prendre text, p_en_attente text, p_limite integer
) RETURNS TABLE (ouverts bigint, a_prendre bigint, miens bigint, en_attente bigint, retard bigint)
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
    (SELECT count(*) FROM (SELECT FROM demarches_dossier d WHERE d.collectivite_id = ANY (lieux)
      AND d.silence_le < p_jour AND d.depose_le IS NOT NULL AND d.clos_le IS NULL AND NOT d.essai LIMIT p_limite) x);
END $$;
"""


def upgrade() -> None:
    op.execute(COMPTEURS)
    for sql in fonction("compter_bureau(uuid[], uuid[], date, text, text, integer)"):
        op.execute(sql)


def downgrade() -> None:
    op.execute("DROP FUNCTION compter_bureau(uuid[], uuid[], date, text, text, integer)")
