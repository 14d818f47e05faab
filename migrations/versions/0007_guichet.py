"""The counter: drafts that agents fill for somebody, an identity seen there, and who read a dossier, for its owner."""

from alembic import op

from migrations.politiques import fonction

revision = "0007_guichet"
down_revision = "0006_console"
branch_labels = None
depends_on = None

GUICHET = """
ALTER TABLE demarches_dossier DROP CONSTRAINT demarches_dossier_niveau_identite_check;
ALTER TABLE demarches_dossier ADD CONSTRAINT demarches_dossier_niveau_identite_check
  CHECK (niveau_identite IN ('franceconnect', 'courriel', 'declaree', 'guichet'));
-- « Saisies à terminer »: few rows, on every display of the desk.
CREATE INDEX demarches_dossier_saisie ON demarches_dossier (collectivite_id, modifie_le DESC)
  WHERE etat = 'brouillon' AND canal <> 'web';
"""

CONSULTATIONS = """
CREATE INDEX socle_audit_lectures ON socle_audit (objet, quand)
  WHERE action IN ('demarches:dossier:lire', 'demarches:dossier:imprimer', 'demarches:piece:lire');
-- The audit trail is closed to residents. This door gives the owner of a dossier, and nobody else, one line per agent
-- and day: who read it, from which collectivité. The owner of the function passes the policies by this rule alone.
CREATE POLICY portes ON socle_audit FOR SELECT TO kumun_proprietaire
  USING (action IN ('demarches:dossier:lire', 'demarches:dossier:imprimer', 'demarches:piece:lire'));
CREATE FUNCTION consultations_du_dossier(p_dossier uuid)
RETURNS TABLE (quand timestamptz, agent text, collectivite text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE lieu uuid; fuseau_local text; nom_lieu text;
BEGIN
  SELECT d.collectivite_id, c.fuseau, c.nom INTO lieu, fuseau_local, nom_lieu
    FROM demarches_dossier d JOIN socle_collectivite c ON c.id = d.collectivite_id
    WHERE d.id = p_dossier AND (d.usager_id = usager_courant() OR d.jeton_empreinte = jeton_courant());
  IF NOT FOUND THEN RETURN; END IF;
  RETURN QUERY
    SELECT max(l.quand), btrim(g.prenom || ' ' || g.nom), nom_lieu
    FROM socle_audit l JOIN socle_agent g ON l.acteur = 'agent:' || g.id
    WHERE l.collectivite_id = lieu
      AND l.action IN ('demarches:dossier:lire', 'demarches:dossier:imprimer', 'demarches:piece:lire')
      AND l.objet = ANY (p_dossier::text || ARRAY(
        SELECT p.id::text FROM demarches_piece p WHERE p.collectivite_id = lieu AND p.dossier_id = p_dossier))
    GROUP BY g.id, g.prenom, g.nom, (l.quand AT TIME ZONE fuseau_local)::date
    ORDER BY 1 DESC LIMIT 50;
END $$;
"""


def upgrade() -> None:
    op.execute(GUICHET)
    op.execute(CONSULTATIONS)
    for sql in fonction("consultations_du_dossier(uuid)"):
        op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("identities seen at the counter are not forgotten by a migration")
