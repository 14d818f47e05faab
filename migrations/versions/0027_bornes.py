"""Kiosks that a town hall puts at the disposal of its visitors; drafts that a person was invited to fill."""

from alembic import op

from migrations.politiques import commune, fonction

revision = "0027_bornes"
down_revision = "0026_suite"
branch_labels = None
depends_on = None

BORNES = """
CREATE TABLE collectivites_borne (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL,
  nom text NOT NULL CHECK (nom <> ''),
  -- SHA-256 of the code typed on the device, under the installation's secret; gone once it has served.
  code_empreinte bytea,
  code_expire_le timestamptz NOT NULL,
  cree_par text NOT NULL,
  cree_le timestamptz NOT NULL,
  installee_le timestamptz,
  revoquee_le timestamptz,
  PRIMARY KEY (collectivite_id, id)
);

-- The device is nobody: its code alone makes it a kiosk, once.
CREATE FUNCTION installer_borne(p_collectivite uuid, p_code bytea, p_maintenant timestamptz) RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE collectivites_borne b SET code_empreinte = NULL, installee_le = p_maintenant
    WHERE b.collectivite_id = p_collectivite AND b.collectivite_id = collectivite_courante()
      AND b.code_empreinte = p_code AND b.code_expire_le > p_maintenant AND b.revoquee_le IS NULL
    RETURNING b.id
$$;

-- The drafts of others that the person of the transaction was invited to fill: what a list says of them.
CREATE FUNCTION brouillons_confies()
RETURNS TABLE (collectivite_id uuid, id uuid, titre text, modifie_le timestamptz, brouillon_jours integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT d.collectivite_id, d.id, d.titre, d.modifie_le, (v.contenu #>> '{conservation,brouillon_jours}')::int
    FROM demarches_acces a
    JOIN demarches_dossier d ON d.collectivite_id = a.collectivite_id AND d.id = a.dossier_id
    JOIN demarches_version v ON v.id = d.version_id
    WHERE a.usager_id = usager_courant() AND a.genre = 'invitation' AND a.accepte_le IS NOT NULL
      AND a.revoque_le IS NULL AND d.etat = 'brouillon'
    ORDER BY d.modifie_le DESC LIMIT 50
$$;
"""


def upgrade() -> None:
    op.execute(BORNES)
    for sql in (
        *commune("collectivites_borne", "SELECT, INSERT, UPDATE"),
        *fonction("installer_borne(uuid, bytea, timestamptz)"),
        *fonction("brouillons_confies()"),
    ):
        op.execute(sql)


def downgrade() -> None:
    op.execute("DROP FUNCTION brouillons_confies(), installer_borne(uuid, bytea, timestamptz)")
    op.execute("DROP TABLE collectivites_borne")
