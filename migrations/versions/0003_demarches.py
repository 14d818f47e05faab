"""The catalogue, and the life of a dossier from draft to decision."""

from alembic import op

from migrations.politiques import commune, dossier, du_dossier, fonction, forcer

revision = "0003_demarches"
down_revision = "0002_travaux"
branch_labels = None
depends_on = None

CATALOGUE = """
-- A version is told by the SHA-256 of its content and never changes: shared by all who use it, cacheable for ever.
CREATE TABLE demarches_version (
  id text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{64}$'),
  slug text NOT NULL,
  contenu jsonb NOT NULL,
  publiee_le timestamptz NOT NULL
);
CREATE INDEX demarches_version_slug ON demarches_version (slug, publiee_le);
CREATE TABLE demarches_surcouche (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id text NOT NULL CHECK (id ~ '^[0-9a-f]{64}$'),
  slug text NOT NULL,
  contenu jsonb NOT NULL,
  cree_le timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, id)
);
CREATE TABLE demarches_adoption (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  slug text NOT NULL,
  version_id text NOT NULL REFERENCES demarches_version,
  surcouche_id text,
  ouverte boolean NOT NULL DEFAULT true,
  PRIMARY KEY (collectivite_id, slug),
  FOREIGN KEY (collectivite_id, surcouche_id) REFERENCES demarches_surcouche
);
CREATE FUNCTION contenu_immuable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a published version never changes' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER immuable BEFORE UPDATE OR DELETE ON demarches_version
  FOR EACH ROW EXECUTE FUNCTION contenu_immuable();
CREATE TRIGGER immuable BEFORE UPDATE OR DELETE ON demarches_surcouche
  FOR EACH ROW EXECUTE FUNCTION contenu_immuable();
GRANT SELECT ON demarches_version TO kumun_app;
GRANT SELECT, INSERT ON demarches_version TO kumun_plateforme;

-- What a collectivité offers is part of its public page: its version moves with it.
CREATE FUNCTION adoption_changee() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE socle_collectivite SET nom = nom WHERE id IN (SELECT DISTINCT collectivite_id FROM changees);
  RETURN NULL;
END $$;
CREATE TRIGGER annonce_ajout AFTER INSERT ON demarches_adoption
  REFERENCING NEW TABLE AS changees FOR EACH STATEMENT EXECUTE FUNCTION adoption_changee();
CREATE TRIGGER annonce AFTER UPDATE ON demarches_adoption
  REFERENCING NEW TABLE AS changees FOR EACH STATEMENT EXECUTE FUNCTION adoption_changee();
CREATE TRIGGER annonce_retrait AFTER DELETE ON demarches_adoption
  REFERENCING OLD TABLE AS changees FOR EACH STATEMENT EXECUTE FUNCTION adoption_changee();
"""

DOSSIERS = """
CREATE TABLE demarches_dossier (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL,
  numero text UNIQUE CHECK (numero ~ '^[0-9]{12}$'),
  slug text NOT NULL,
  version_id text NOT NULL REFERENCES demarches_version,
  surcouche_id text,
  titre text NOT NULL,
  usager_id uuid REFERENCES socle_usager,
  jeton_empreinte bytea,
  canal text NOT NULL CHECK (canal IN ('web', 'guichet', 'telephone', 'courrier', 'aidant')),
  etat text NOT NULL DEFAULT 'brouillon' CHECK (etat IN
    ('brouillon', 'depose', 'en_instruction', 'en_attente', 'accepte', 'refuse', 'sans_suite', 'retire')),
  niveau_identite text NOT NULL DEFAULT 'declaree' CHECK (niveau_identite IN ('franceconnect', 'courriel', 'declaree')),
  demandeur jsonb NOT NULL DEFAULT '{}',
  beneficiaire jsonb,
  mandataire jsonb,
  reponses jsonb,
  cree_le timestamptz NOT NULL,
  modifie_le timestamptz NOT NULL,
  depose_le timestamptz,
  silence_le date,
  agent_id uuid REFERENCES socle_agent,
  agent_nom text NOT NULL DEFAULT '',
  bail_jusqu_a timestamptz,
  clos_le timestamptz,
  revision integer NOT NULL DEFAULT 1,
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, surcouche_id) REFERENCES demarches_surcouche,
  -- A number, a date and frozen answers come together, at submission, and only then.
  CHECK ((etat = 'brouillon') = (depose_le IS NULL)),
  CHECK ((numero IS NULL) = (depose_le IS NULL)),
  CHECK ((reponses IS NULL) = (depose_le IS NULL)),
  CHECK ((clos_le IS NOT NULL) = (etat IN ('accepte', 'refuse', 'sans_suite', 'retire'))),
  CHECK (usager_id IS NOT NULL OR jeton_empreinte IS NOT NULL OR canal <> 'web')
);
-- Mon espace reaches a dossier, a piece or a document by its id alone, whatever the collectivité.
CREATE UNIQUE INDEX demarches_dossier_id ON demarches_dossier (id);
CREATE INDEX demarches_dossier_bureau ON demarches_dossier (collectivite_id, silence_le, depose_le)
  WHERE depose_le IS NOT NULL AND clos_le IS NULL;
CREATE INDEX demarches_dossier_usager ON demarches_dossier (usager_id, modifie_le DESC) WHERE usager_id IS NOT NULL;
CREATE INDEX demarches_dossier_jeton ON demarches_dossier (jeton_empreinte) WHERE jeton_empreinte IS NOT NULL;
-- One draft of a démarche per person: whoever comes back finds it instead of starting again.
CREATE UNIQUE INDEX demarches_dossier_un_brouillon ON demarches_dossier (collectivite_id, slug, usager_id)
  WHERE etat = 'brouillon' AND canal = 'web' AND usager_id IS NOT NULL;
CREATE UNIQUE INDEX demarches_dossier_un_brouillon_jeton ON demarches_dossier (collectivite_id, slug, jeton_empreinte)
  WHERE etat = 'brouillon' AND canal = 'web' AND usager_id IS NULL;
CREATE INDEX demarches_dossier_brouillon ON demarches_dossier (modifie_le) WHERE etat = 'brouillon';
CREATE TABLE demarches_reponse (
  collectivite_id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  champ_id text NOT NULL,
  valeur jsonb,
  brut jsonb NOT NULL,
  version integer NOT NULL DEFAULT 1,
  modifie_le timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, dossier_id, champ_id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE
);
CREATE TABLE demarches_piece (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  champ_id text NOT NULL,
  nom text NOT NULL CHECK (btrim(nom) <> ''),
  type_mime text NOT NULL,
  taille bigint NOT NULL CHECK (taille > 0),
  empreinte bytea NOT NULL,
  antivirus text NOT NULL CHECK (antivirus IN ('sain', 'non_analyse')),
  etat text NOT NULL DEFAULT 'jointe' CHECK (etat IN ('jointe', 'redemandee', 'remplacee')),
  ajoutee_le timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE
);
CREATE UNIQUE INDEX demarches_piece_id ON demarches_piece (id);
CREATE INDEX demarches_piece_dossier ON demarches_piece (collectivite_id, dossier_id);
CREATE TABLE demarches_evenement (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  quand timestamptz NOT NULL,
  genre text NOT NULL,
  auteur text NOT NULL,
  interne boolean NOT NULL DEFAULT false,
  donnees jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE
);
CREATE INDEX demarches_evenement_dossier ON demarches_evenement (collectivite_id, dossier_id, quand);
CREATE TABLE demarches_message (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  quand timestamptz NOT NULL,
  de_l_agent boolean NOT NULL,
  auteur text NOT NULL,
  interne boolean NOT NULL DEFAULT false,
  texte text NOT NULL CHECK (btrim(texte) <> ''),
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE,
  CHECK (de_l_agent OR NOT interne)
);
CREATE INDEX demarches_message_dossier ON demarches_message (collectivite_id, dossier_id, quand);
CREATE TABLE demarches_complement (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  champ_id text NOT NULL,
  motif text NOT NULL CHECK (btrim(motif) <> ''),
  demande_le timestamptz NOT NULL,
  avant_le date NOT NULL,
  demande_par text NOT NULL,
  satisfait_le timestamptz,
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE
);
CREATE INDEX demarches_complement_dossier ON demarches_complement (collectivite_id, dossier_id);
CREATE UNIQUE INDEX demarches_complement_en_cours ON demarches_complement (collectivite_id, dossier_id, champ_id)
  WHERE satisfait_le IS NULL;
-- CRPA L212-2: without signature, but never without first name, name, quality and service of the author.
CREATE TABLE demarches_decision (
  collectivite_id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  sens text NOT NULL CHECK (sens IN ('accepte', 'refuse', 'sans_suite')),
  motif text NOT NULL,
  auteur_prenom text NOT NULL CHECK (btrim(auteur_prenom) <> ''),
  auteur_nom text NOT NULL CHECK (btrim(auteur_nom) <> ''),
  auteur_qualite text NOT NULL CHECK (btrim(auteur_qualite) <> ''),
  auteur_service text NOT NULL CHECK (btrim(auteur_service) <> ''),
  agent_id uuid NOT NULL REFERENCES socle_agent,
  rendue_le timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, dossier_id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier,
  -- CRPA L211-2, L211-5: an unfavourable decision gives its reasons.
  CHECK (sens = 'accepte' OR btrim(motif) <> '')
);
CREATE TABLE demarches_document (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  genre text NOT NULL CHECK (genre IN ('accuse', 'complement', 'decision')),
  nom text NOT NULL,
  taille bigint NOT NULL CHECK (taille > 0),
  empreinte bytea NOT NULL,
  cree_le timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE
);
CREATE UNIQUE INDEX demarches_document_id ON demarches_document (id);
CREATE INDEX demarches_document_dossier ON demarches_document (collectivite_id, dossier_id);
CREATE TABLE demarches_envoi (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  evenement text NOT NULL,
  destinataire text NOT NULL,
  etat text NOT NULL DEFAULT 'a_envoyer' CHECK (etat IN ('a_envoyer', 'envoye', 'refuse')),
  detail text NOT NULL DEFAULT '',
  cree_le timestamptz NOT NULL,
  envoye_le timestamptz,
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE
);
CREATE INDEX demarches_envoi_dossier ON demarches_envoi (collectivite_id, dossier_id);
"""

RECHERCHE = """
-- Full text is found by a function that takes the perimeter: GIN indexes are useless under row-level security.
CREATE TABLE demarches_recherche (
  collectivite_id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  mots tsvector NOT NULL,
  PRIMARY KEY (collectivite_id, dossier_id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE
);
CREATE INDEX demarches_recherche_mots ON demarches_recherche USING gin (mots);
CREATE FUNCTION indexer_dossier(p_collectivite uuid, p_dossier uuid, p_texte text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF p_collectivite IS DISTINCT FROM collectivite_courante() THEN
    RAISE EXCEPTION 'outside the perimeter' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO demarches_recherche (collectivite_id, dossier_id, mots)
    VALUES (p_collectivite, p_dossier, to_tsvector('simple', sans_accents(p_texte)))
    ON CONFLICT (collectivite_id, dossier_id) DO UPDATE SET mots = excluded.mots;
END $$;
CREATE FUNCTION chercher_dossiers(p_texte text, p_limite integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE requete tsquery;
BEGIN
  IF NOT en_instruction() THEN RETURN; END IF;
  SELECT to_tsquery('simple', string_agg(quote_literal(mot) || ':*', ' & ')) INTO requete
    FROM regexp_split_to_table(sans_accents(p_texte), '[^a-z0-9@.]+') AS mot WHERE mot <> '';
  IF requete IS NULL THEN RETURN; END IF;
  RETURN QUERY SELECT r.dossier_id FROM demarches_recherche r
    WHERE r.mots @@ requete AND r.collectivite_id = ANY (perimetre()) LIMIT p_limite;
END $$;
"""


def upgrade() -> None:
    for bloc in (CATALOGUE, DOSSIERS, RECHERCHE):
        op.execute(bloc.replace(":*", "\\:*"))
    regles = [
        commune("demarches_surcouche", "SELECT, INSERT"),
        commune("demarches_adoption"),
        dossier("demarches_dossier"),
        du_dossier("demarches_reponse"),
        du_dossier("demarches_piece"),
        du_dossier("demarches_evenement", "SELECT, INSERT", reserve="NOT interne"),
        du_dossier("demarches_message", "SELECT, INSERT", reserve="NOT interne"),
        du_dossier("demarches_complement", "SELECT, INSERT, UPDATE"),
        du_dossier("demarches_decision", "SELECT, INSERT"),
        du_dossier("demarches_document", "SELECT, INSERT"),
        du_dossier("demarches_envoi", "SELECT, INSERT, UPDATE"),
        forcer("demarches_recherche"),
    ]
    for sql in (phrase for regle in regles for phrase in regle):
        op.execute(sql)
    # A person's submission adds lines to what they may only read afterwards: never a decision, never an agent's word.
    op.execute("DROP POLICY ajout ON demarches_decision")
    op.execute(
        "CREATE POLICY ajout ON demarches_decision FOR INSERT TO kumun_app WITH CHECK ("
        "collectivite_id = (SELECT collectivite_courante()) AND (SELECT en_instruction()))"
    )
    for signature in ("indexer_dossier(uuid, uuid, text)", "chercher_dossiers(text, integer)"):
        for sql in fonction(signature, "kumun_app, kumun_plateforme"):
            op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("dossiers are not dropped by a migration")
