"""Codes that open one dossier: to follow it without an account, to fill it with somebody, to hand it over."""

from alembic import op

from migrations.politiques import ECRITURE, INSTRUCTION, LECTURE, du_dossier, fonction

revision = "0017_acces"
down_revision = "0016_remplissage"
branch_labels = None
depends_on = None

ACCES = """
CREATE TABLE demarches_acces (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  -- suivi: a code to find it again without an account; navigateur: a browser that gave that code;
  -- invitation: another account may fill it; transfert: another account may take it.
  genre text NOT NULL CHECK (genre IN ('suivi', 'navigateur', 'invitation', 'transfert')),
  -- SHA-256 of the code under the installation's secret: the database alone opens nothing.
  code_empreinte bytea,
  jeton_empreinte bytea,
  usager_id uuid REFERENCES socle_usager,
  nom text NOT NULL DEFAULT '',
  cree_le timestamptz NOT NULL,
  expire_le timestamptz,
  accepte_le timestamptz,
  revoque_le timestamptz,
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE,
  CHECK ((genre = 'navigateur') = (jeton_empreinte IS NOT NULL)),
  CHECK ((genre <> 'navigateur') = (code_empreinte IS NOT NULL))
);
CREATE UNIQUE INDEX demarches_acces_code ON demarches_acces (collectivite_id, code_empreinte)
  WHERE code_empreinte IS NOT NULL AND revoque_le IS NULL;
CREATE UNIQUE INDEX demarches_acces_suivi ON demarches_acces (collectivite_id, dossier_id)
  WHERE genre = 'suivi' AND revoque_le IS NULL;
CREATE INDEX demarches_acces_dossier ON demarches_acces (collectivite_id, dossier_id);
CREATE UNIQUE INDEX demarches_acces_navigateur ON demarches_acces (dossier_id, jeton_empreinte)
  WHERE jeton_empreinte IS NOT NULL;
CREATE INDEX demarches_acces_usager ON demarches_acces (usager_id) WHERE usager_id IS NOT NULL;

-- The one dossier that was entrusted to whoever asks, for this transaction.
CREATE FUNCTION dossier_confie() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.dossier', true), '')::uuid $$;
"""

PORTES = """
-- By its own id, or by that of one of its documents.
CREATE FUNCTION confier_dossier(p_objet uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  trouve text;
  p_dossier uuid := coalesce((SELECT p.dossier_id FROM demarches_piece p WHERE p.id = p_objet),
    (SELECT t.dossier_id FROM demarches_document t WHERE t.id = p_objet), p_objet);
BEGIN
  SELECT a.genre INTO trouve FROM demarches_acces a
    WHERE a.dossier_id = p_dossier AND a.revoque_le IS NULL AND a.genre IN ('navigateur', 'invitation')
      AND a.accepte_le IS NOT NULL
      AND (a.jeton_empreinte = jeton_courant() OR (a.genre = 'invitation' AND a.usager_id = usager_courant()))
    ORDER BY a.genre DESC LIMIT 1;
  IF trouve IS NOT NULL THEN PERFORM set_config('app.dossier', p_dossier::text, true); END IF;
  RETURN trouve;
END $$;

-- What a code is for; nothing is opened.
CREATE FUNCTION lire_code(p_collectivite uuid, p_code bytea, p_maintenant timestamptz)
RETURNS TABLE (id uuid, genre text, titre text, dossier_id uuid, a_soi boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.id, a.genre, d.titre, a.dossier_id, d.usager_id IS NOT NULL AND d.usager_id = usager_courant()
    FROM demarches_acces a JOIN demarches_dossier d ON d.collectivite_id = a.collectivite_id AND d.id = a.dossier_id
    WHERE a.collectivite_id = p_collectivite AND a.code_empreinte = p_code AND a.revoque_le IS NULL
      AND (a.genre = 'suivi' OR (a.accepte_le IS NULL AND a.expire_le > p_maintenant)
        OR (a.genre = 'invitation' AND a.usager_id = usager_courant()))
$$;

-- The explicit act: a browser follows, an account is invited, or becomes the owner.
CREATE FUNCTION accepter_code(p_collectivite uuid, p_code bytea, p_id uuid, p_maintenant timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a demarches_acces%ROWTYPE;
BEGIN
  SELECT x.* INTO a FROM demarches_acces x JOIN demarches_dossier d
      ON d.collectivite_id = x.collectivite_id AND d.id = x.dossier_id
    WHERE x.collectivite_id = p_collectivite AND x.code_empreinte = p_code AND x.revoque_le IS NULL
      AND (x.genre = 'suivi' OR (x.accepte_le IS NULL AND x.expire_le > p_maintenant)
        OR (x.genre = 'invitation' AND x.usager_id = usager_courant()))
    FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  IF a.genre = 'suivi' THEN
    IF jeton_courant() IS NULL THEN RETURN NULL; END IF;
    INSERT INTO demarches_acces (collectivite_id, id, dossier_id, genre, jeton_empreinte, cree_le, accepte_le)
      VALUES (a.collectivite_id, p_id, a.dossier_id, 'navigateur', jeton_courant(), p_maintenant, p_maintenant)
      ON CONFLICT (dossier_id, jeton_empreinte) WHERE jeton_empreinte IS NOT NULL DO UPDATE SET revoque_le = NULL;
  ELSIF usager_courant() IS NULL THEN
    RETURN NULL;
  ELSE
    UPDATE demarches_acces x SET usager_id = usager_courant(), accepte_le = p_maintenant
      WHERE x.collectivite_id = a.collectivite_id AND x.id = a.id;
    IF a.genre = 'transfert' THEN
      UPDATE demarches_dossier d SET usager_id = usager_courant(), jeton_empreinte = NULL, modifie_le = p_maintenant
        WHERE d.collectivite_id = a.collectivite_id AND d.id = a.dossier_id;
      -- Whoever could reach it through its former owner no longer does.
      UPDATE demarches_acces x SET revoque_le = p_maintenant
        WHERE x.dossier_id = a.dossier_id AND x.id <> a.id AND x.revoque_le IS NULL;
    END IF;
  END IF;
  PERFORM set_config('app.dossier', a.dossier_id::text, true);
  RETURN a.dossier_id;
END $$;
"""

A_SOI = (
    "(usager_id = (SELECT usager_courant()) OR jeton_empreinte = (SELECT jeton_courant())"
    " OR id = (SELECT dossier_confie()))"
)
REMIS = f"{INSTRUCTION} AND (depose_le IS NOT NULL OR canal <> 'web')"


def upgrade() -> None:
    op.execute(ACCES)
    lecture = f"({LECTURE} AND {REMIS}) OR {A_SOI}"
    ecriture = f"{ECRITURE} AND (({REMIS}) OR {A_SOI})"
    for sql in (
        f"ALTER POLICY lecture ON demarches_dossier USING ({lecture})",
        f"ALTER POLICY ajout ON demarches_dossier WITH CHECK ({ecriture})",
        f"ALTER POLICY modification ON demarches_dossier USING ({ecriture}) WITH CHECK ({ecriture})",
        f"ALTER POLICY retrait ON demarches_dossier USING ({ecriture})",
        *du_dossier("demarches_acces", "SELECT, INSERT, UPDATE"),
    ):
        op.execute(sql)
    op.execute(PORTES)
    for signature in (
        "confier_dossier(uuid)",
        "lire_code(uuid, bytea, timestamptz)",
        "accepter_code(uuid, bytea, uuid, timestamptz)",
    ):
        for sql in fonction(signature, "kumun_app, kumun_plateforme"):
            op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("accesses are not dropped by a migration")
