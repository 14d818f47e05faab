"""Joining two accounts of one person: an explicit act, with proof of both (CNIL: no matching by the administration)."""

from alembic import op

from migrations.politiques import fonction

revision = "0005_comptes"
down_revision = "0004_identite"
branch_labels = None
depends_on = None

RATTACHER = """
-- Moves everything of the account that a living hand-off proves (p_code, on this browser: p_temoin) to the account of
-- the session (app.usager). Each is proven: the one by its session, the other by the session that granted the hand-off.
CREATE FUNCTION rattacher_comptes(p_code bytea, p_hote text, p_temoin bytea, p_maintenant timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE de uuid; vers uuid := usager_courant();
BEGIN
  UPDATE socle_connexion SET consommee_le = p_maintenant, code = NULL
    WHERE code = p_code AND hote = p_hote AND temoin = p_temoin AND genre = 'passage'
      AND consommee_le IS NULL AND expire_le > p_maintenant
    RETURNING usager_id INTO de;
  IF de IS NULL OR vers IS NULL THEN RETURN NULL; END IF;
  IF de = vers THEN RETURN vers; END IF;
  UPDATE demarches_dossier SET usager_id = vers WHERE usager_id = de;
  UPDATE socle_identite SET usager_id = vers WHERE usager_id = de;
  UPDATE socle_session SET usager_id = vers WHERE usager_id = de;
  UPDATE socle_connexion SET usager_id = vers WHERE usager_id = de;
  UPDATE socle_connexion SET rattachement = NULL WHERE rattachement = de;
  DELETE FROM socle_usager WHERE id = de;
  RETURN vers;
END $$;
"""


def upgrade() -> None:
    op.execute(RATTACHER)
    for sql in fonction("rattacher_comptes(bytea, text, bytea, timestamptz)"):
        op.execute(sql)


def downgrade() -> None:
    op.execute("DROP FUNCTION rattacher_comptes(bytea, text, bytea, timestamptz)")
