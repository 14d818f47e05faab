"""Steps inside the instruction, opinions asked, things waited for, pieces examined, dossiers handed over, alerts."""

from alembic import op

from migrations.politiques import du_dossier, fonction

revision = "0019_parcours"
down_revision = "0018_langue"
branch_labels = None
depends_on = None

DOSSIERS = """
-- A custom step lies inside « en_instruction »: the legal states stay what they are.
ALTER TABLE demarches_dossier ADD COLUMN etape text NOT NULL DEFAULT '';
ALTER TABLE demarches_dossier ADD COLUMN etape_le timestamptz;
-- CRPA L114-3: refusal runs from the first administration's receipt, acceptance from the competent one's (depose_le).
ALTER TABLE demarches_dossier ADD COLUMN recu_initial_le timestamptz;
ALTER TABLE demarches_dossier ADD COLUMN origine_collectivite_id uuid REFERENCES socle_collectivite;
ALTER TABLE demarches_dossier ADD COLUMN origine_id uuid;
ALTER TABLE demarches_dossier DROP CONSTRAINT demarches_dossier_etat_check;
ALTER TABLE demarches_dossier ADD CONSTRAINT demarches_dossier_etat_check CHECK (etat IN ('brouillon', 'depose',
  'en_instruction', 'en_attente', 'accepte', 'refuse', 'sans_suite', 'retire', 'transmis'));
DO $$
DECLARE nom text;
BEGIN
  SELECT conname INTO STRICT nom FROM pg_constraint WHERE conrelid = 'demarches_dossier'::regclass AND contype = 'c'
    AND pg_get_constraintdef(oid) LIKE '%clos_le%';
  EXECUTE format('ALTER TABLE demarches_dossier DROP CONSTRAINT %I', nom);
END $$;
ALTER TABLE demarches_dossier ADD CONSTRAINT demarches_dossier_clos_check CHECK (
  (clos_le IS NOT NULL) = (etat IN ('accepte', 'refuse', 'sans_suite', 'retire', 'transmis')));
ALTER TABLE demarches_dossier ADD CONSTRAINT demarches_dossier_etape_check CHECK (
  etape = '' OR etat NOT IN ('brouillon', 'depose'));
CREATE INDEX demarches_dossier_silence ON demarches_dossier (silence_le)
  WHERE silence_le IS NOT NULL AND clos_le IS NULL;

ALTER TABLE demarches_piece DROP CONSTRAINT demarches_piece_etat_check;
ALTER TABLE demarches_piece ADD CONSTRAINT demarches_piece_etat_check
  CHECK (etat IN ('jointe', 'acceptee', 'refusee', 'redemandee', 'remplacee'));
ALTER TABLE demarches_piece ADD COLUMN raison text NOT NULL DEFAULT ''
  CHECK (raison IN ('', 'illisible', 'perime', 'incomplet', 'mauvais_document'));
ALTER TABLE demarches_piece ADD COLUMN motif text NOT NULL DEFAULT '';
ALTER TABLE demarches_piece ADD COLUMN examinee_par text NOT NULL DEFAULT '';
ALTER TABLE demarches_piece ADD COLUMN examinee_le timestamptz;
ALTER TABLE demarches_piece ADD CONSTRAINT demarches_piece_refus_check CHECK (etat <> 'refusee' OR raison <> '');

-- One demand (one letter) lists several pieces.
ALTER TABLE demarches_complement ADD COLUMN demande_id uuid;
UPDATE demarches_complement SET demande_id = id;
ALTER TABLE demarches_complement ALTER COLUMN demande_id SET NOT NULL;
ALTER TABLE demarches_complement ADD COLUMN raison text NOT NULL DEFAULT ''
  CHECK (raison IN ('', 'manquante', 'illisible', 'perime', 'incomplet', 'mauvais_document'));
-- CRPA L114-5-1: what is not indispensable stops nothing.
ALTER TABLE demarches_complement ADD COLUMN indispensable boolean NOT NULL DEFAULT true;

ALTER TABLE demarches_decision ADD COLUMN propose_par text NOT NULL DEFAULT '';
-- CRPA L242-1: this decision takes back one that silence had made.
ALTER TABLE demarches_decision ADD COLUMN retire_tacite boolean NOT NULL DEFAULT false;
ALTER TABLE demarches_document DROP CONSTRAINT demarches_document_genre_check;
ALTER TABLE demarches_document ADD CONSTRAINT demarches_document_genre_check CHECK (genre IN
  ('accuse', 'complement', 'decision', 'transmission', 'attestation_tacite', 'etape'));
"""

PARCOURS = """
CREATE TABLE demarches_proposition (
  collectivite_id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  sens text NOT NULL CHECK (sens IN ('accepte', 'refuse', 'sans_suite')),
  motif text NOT NULL,
  agent_id uuid NOT NULL REFERENCES socle_agent,
  par text NOT NULL CHECK (btrim(par) <> ''),
  proposee_le timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, dossier_id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE,
  CHECK (sens = 'accepte' OR btrim(motif) <> '')
);
CREATE TABLE demarches_avis (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  etape text NOT NULL DEFAULT '',
  objet text NOT NULL CHECK (btrim(objet) <> ''),
  oui_non boolean NOT NULL,
  confidentiel boolean NOT NULL,
  nom text NOT NULL CHECK (btrim(nom) <> ''),
  courriel text NOT NULL DEFAULT '',
  code_empreinte bytea,
  demande_le timestamptz NOT NULL,
  demande_par text NOT NULL,
  avant_le date NOT NULL,
  relance_le timestamptz,
  revoque_le timestamptz,
  rendu_le timestamptz,
  rendu_par text NOT NULL DEFAULT '',
  favorable boolean,
  texte text NOT NULL DEFAULT '',
  fichier_id uuid,
  fichier_nom text NOT NULL DEFAULT '',
  fichier_type text NOT NULL DEFAULT '',
  fichier_taille bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE,
  -- An outside expert has an address and a code; an opinion from inside has neither.
  CHECK ((courriel = '') = (code_empreinte IS NULL)),
  CHECK (rendu_le IS NULL OR (revoque_le IS NULL AND btrim(rendu_par) <> '')),
  CHECK (rendu_le IS NULL OR NOT oui_non OR favorable IS NOT NULL)
);
CREATE UNIQUE INDEX demarches_avis_id ON demarches_avis (id);
CREATE INDEX demarches_avis_dossier ON demarches_avis (collectivite_id, dossier_id);
CREATE INDEX demarches_avis_attendu ON demarches_avis (avant_le) WHERE rendu_le IS NULL AND revoque_le IS NULL;
CREATE TABLE demarches_attente (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  etape text NOT NULL,
  genre text NOT NULL CHECK (genre IN ('paiement', 'rendez_vous', 'signature')),
  libelle text NOT NULL CHECK (btrim(libelle) <> ''),
  automatique boolean NOT NULL,
  reference text NOT NULL DEFAULT '',
  ouverte_le timestamptz NOT NULL,
  close_le timestamptz,
  close_par text NOT NULL DEFAULT '',
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE
);
CREATE INDEX demarches_attente_dossier ON demarches_attente (collectivite_id, dossier_id);
CREATE TABLE demarches_transmission (
  collectivite_id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  vers_collectivite_id uuid REFERENCES socle_collectivite,
  organisme text NOT NULL CHECK (btrim(organisme) <> ''),
  adresse text NOT NULL DEFAULT '',
  courriel text NOT NULL DEFAULT '',
  motif text NOT NULL CHECK (btrim(motif) <> ''),
  par text NOT NULL,
  transmis_le timestamptz NOT NULL,
  remis_le timestamptz,
  nouveau_id uuid,
  PRIMARY KEY (collectivite_id, dossier_id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE,
  CHECK (vers_collectivite_id IS DISTINCT FROM collectivite_id)
);
CREATE TABLE demarches_alerte (
  collectivite_id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  genre text NOT NULL CHECK (genre IN ('silence', 'tacite', 'complement', 'avis', 'accuse')),
  echeance date NOT NULL,
  palier integer NOT NULL,
  creee_le timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, dossier_id, genre, echeance, palier),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE
);
"""

# An outside expert has no session and no perimeter: a code, and these two doors, which give one dossier and no more.
AVIS = """
CREATE FUNCTION lire_avis(p_id uuid, p_code bytea, p_maintenant timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE trouve demarches_avis; d demarches_dossier;
BEGIN
  SELECT * INTO trouve FROM demarches_avis a WHERE a.id = p_id AND a.code_empreinte = p_code
    AND a.revoque_le IS NULL AND p_maintenant < a.avant_le + interval '60 days';
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT * INTO STRICT d FROM demarches_dossier x
    WHERE x.collectivite_id = trouve.collectivite_id AND x.id = trouve.dossier_id;
  RETURN jsonb_build_object(
    'collectivite_id', d.collectivite_id, 'dossier_id', d.id, 'numero', d.numero, 'titre', d.titre,
    'version_id', d.version_id, 'surcouche_id', d.surcouche_id, 'reponses', d.reponses, 'depose_le', d.depose_le,
    'clos', d.clos_le IS NOT NULL,
    'avis', to_jsonb(trouve) - 'code_empreinte',
    'pieces', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'champ_id', p.champ_id, 'nom', p.nom,
        'type_mime', p.type_mime, 'taille', p.taille) ORDER BY p.id), '[]')
      FROM demarches_piece p WHERE p.collectivite_id = d.collectivite_id AND p.dossier_id = d.id
        AND p.etat IN ('jointe', 'acceptee')),
    'autres', (SELECT coalesce(jsonb_agg(jsonb_build_object('nom', o.nom, 'objet', o.objet,
        'favorable', o.favorable, 'texte', o.texte, 'rendu_le', o.rendu_le) ORDER BY o.rendu_le), '[]')
      FROM demarches_avis o WHERE o.collectivite_id = d.collectivite_id AND o.dossier_id = d.id AND o.id <> p_id
        AND o.rendu_le IS NOT NULL AND NOT o.confidentiel));
END $$;
CREATE FUNCTION rendre_avis(p_id uuid, p_code bytea, p_maintenant timestamptz, p_favorable boolean, p_texte text,
  p_fichier_id uuid, p_fichier_nom text, p_fichier_type text, p_fichier_taille bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE trouve demarches_avis;
BEGIN
  UPDATE demarches_avis a SET rendu_le = p_maintenant, rendu_par = a.nom, favorable = p_favorable, texte = p_texte,
      fichier_id = p_fichier_id, fichier_nom = coalesce(p_fichier_nom, ''), fichier_type = coalesce(p_fichier_type, ''),
      fichier_taille = coalesce(p_fichier_taille, 0)
    WHERE a.id = p_id AND a.code_empreinte = p_code AND a.revoque_le IS NULL AND a.rendu_le IS NULL
      AND p_maintenant < a.avant_le + interval '60 days'
      AND EXISTS (SELECT FROM demarches_dossier d WHERE d.collectivite_id = a.collectivite_id AND d.id = a.dossier_id
        AND d.clos_le IS NULL)
    RETURNING * INTO trouve;
  IF NOT FOUND THEN RETURN false; END IF;
  INSERT INTO demarches_evenement (collectivite_id, id, dossier_id, quand, genre, auteur, interne, donnees)
    VALUES (trouve.collectivite_id, gen_random_uuid(), trouve.dossier_id, p_maintenant, 'avis_rendu', trouve.nom, true,
      jsonb_build_object('libelle', trouve.objet));
  -- An agent whose page was opened before the opinion reads it before deciding.
  UPDATE demarches_dossier d SET revision = d.revision + 1, modifie_le = p_maintenant
    WHERE d.collectivite_id = trouve.collectivite_id AND d.id = trouve.dossier_id;
  RETURN true;
END $$;
"""


def upgrade() -> None:
    for bloc in (DOSSIERS, PARCOURS, AVIS):
        op.execute(bloc)
    # All of it is the agents': the person reads what concerns her in the history, the letters and the state.
    regles = [
        du_dossier("demarches_proposition", reserve="false"),
        du_dossier("demarches_avis", "SELECT, INSERT, UPDATE", reserve="false"),
        du_dossier("demarches_attente", "SELECT, INSERT, UPDATE", reserve="false"),
        du_dossier("demarches_transmission", "SELECT, INSERT, UPDATE", reserve="false"),
        du_dossier("demarches_alerte", "SELECT, INSERT", reserve="false"),
    ]
    for sql in (phrase for regle in regles for phrase in regle):
        op.execute(sql)
    for signature in (
        "lire_avis(uuid, bytea, timestamptz)",
        "rendre_avis(uuid, bytea, timestamptz, boolean, text, uuid, text, text, bigint)",
    ):
        for sql in fonction(signature):
            op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("what was asked of others is not forgotten by a migration")
