"""The kernel's tables: collectivités and hosts, people and their rights, sessions, sign-ins in progress."""

from alembic import op

from migrations.politiques import commune, fonction, forcer

revision = "0001_socle"
down_revision = None
branch_labels = None
depends_on = None

REGLAGES = """
CREATE FUNCTION perimetre() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(nullif(current_setting('app.perimetre', true), ''), '{}')::uuid[] $$;
CREATE FUNCTION collectivite_courante() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.collectivite', true), '')::uuid $$;
CREATE FUNCTION usager_courant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.usager', true), '')::uuid $$;
CREATE FUNCTION agent_courant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.agent', true), '')::uuid $$;
CREATE FUNCTION jeton_courant() RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT decode(nullif(current_setting('app.jeton', true), ''), 'hex') $$;
CREATE FUNCTION en_instruction() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(current_setting('app.instruction', true), '') = 'oui' $$;
-- Folding of case and accents for searches: the embedded server has no contrib extension.
CREATE FUNCTION sans_accents(texte text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  AS $$ SELECT translate(replace(replace(lower(texte), 'œ', 'oe'), 'æ', 'ae'),
    'àáâãäåçèéêëìíîïñòóôõöùúûüýÿ''’-', 'aaaaaaceeeeiiiinooooouuuuyy   ') $$;
"""

COLLECTIVITES = """
CREATE TABLE socle_collectivite (
  id uuid PRIMARY KEY,
  genre text NOT NULL CHECK (genre IN ('commune', 'epci', 'syndicat')),
  code_insee text UNIQUE CHECK (code_insee ~ '^([0-9]{2}|2[AB])[0-9]{3}$'),
  siren text UNIQUE CHECK (siren ~ '^[0-9]{9}$'),
  nom text NOT NULL CHECK (btrim(nom) <> ''),
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'),
  departement text NOT NULL DEFAULT '',
  codes_postaux text[] NOT NULL DEFAULT '{}',
  population integer CHECK (population >= 0),
  epci_siren text,
  epci_nom text NOT NULL DEFAULT '',
  fuseau text NOT NULL DEFAULT 'Europe/Paris',
  theme jsonb NOT NULL DEFAULT '{}',
  coordonnees jsonb NOT NULL DEFAULT '{}',
  etat text NOT NULL DEFAULT 'active' CHECK (etat IN ('active', 'suspendue', 'close')),
  version bigint NOT NULL DEFAULT 1,
  cree_le timestamptz NOT NULL DEFAULT now(),
  CHECK (genre <> 'commune' OR code_insee IS NOT NULL)
);
CREATE TABLE socle_hote (
  nom text PRIMARY KEY CHECK (nom = lower(nom)),
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  principal boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX socle_hote_principal ON socle_hote (collectivite_id) WHERE principal;

CREATE FUNCTION collectivite_changee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;
CREATE TRIGGER version BEFORE UPDATE ON socle_collectivite FOR EACH ROW EXECUTE FUNCTION collectivite_changee();

-- Every web process listens: one message a row up to a hundred, one for all beyond (a bulk import).
CREATE FUNCTION annoncer_collectivites() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM changees) > 100 THEN
    PERFORM pg_notify('kumun_collectivite', '*');
  ELSIF TG_TABLE_NAME = 'socle_hote' THEN
    PERFORM pg_notify('kumun_collectivite', collectivite_id::text) FROM changees;
  ELSE
    PERFORM pg_notify('kumun_collectivite', id::text) FROM changees;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER annonce_ajout AFTER INSERT ON socle_collectivite
  REFERENCING NEW TABLE AS changees FOR EACH STATEMENT EXECUTE FUNCTION annoncer_collectivites();
CREATE TRIGGER annonce AFTER UPDATE ON socle_collectivite
  REFERENCING NEW TABLE AS changees FOR EACH STATEMENT EXECUTE FUNCTION annoncer_collectivites();
CREATE TRIGGER annonce_ajout AFTER INSERT ON socle_hote
  REFERENCING NEW TABLE AS changees FOR EACH STATEMENT EXECUTE FUNCTION annoncer_collectivites();
CREATE TRIGGER annonce AFTER UPDATE ON socle_hote
  REFERENCING NEW TABLE AS changees FOR EACH STATEMENT EXECUTE FUNCTION annoncer_collectivites();

GRANT SELECT ON socle_collectivite, socle_hote TO kumun_app;
GRANT SELECT, INSERT, UPDATE ON socle_collectivite TO kumun_plateforme;
GRANT SELECT, INSERT, UPDATE, DELETE ON socle_hote TO kumun_plateforme;
"""

PERSONNES = """
CREATE TABLE socle_usager (
  id uuid PRIMARY KEY,
  langue text NOT NULL DEFAULT 'fr',
  cree_le timestamptz NOT NULL
);
CREATE TABLE socle_identite (
  id uuid PRIMARY KEY,
  usager_id uuid NOT NULL REFERENCES socle_usager,
  emetteur text NOT NULL,
  entite text NOT NULL,
  sub text NOT NULL,
  niveau text NOT NULL CHECK (niveau IN ('franceconnect', 'courriel')),
  donnees jsonb NOT NULL,
  cree_le timestamptz NOT NULL,
  vue_le timestamptz NOT NULL,
  UNIQUE (emetteur, entite, sub)
);
CREATE INDEX socle_identite_usager ON socle_identite (usager_id);
CREATE TABLE socle_agent (
  id uuid PRIMARY KEY,
  courriel text NOT NULL UNIQUE CHECK (courriel = lower(courriel)),
  prenom text NOT NULL DEFAULT '',
  nom text NOT NULL DEFAULT '',
  telephone text NOT NULL DEFAULT '',
  sub text UNIQUE,
  opsn boolean NOT NULL DEFAULT false,
  actif boolean NOT NULL DEFAULT true,
  cree_le timestamptz NOT NULL,
  vu_le timestamptz
);
CREATE TABLE socle_habilitation (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  agent_id uuid NOT NULL REFERENCES socle_agent,
  service text NOT NULL,
  secteur text NOT NULL DEFAULT '*',
  role text NOT NULL CHECK (role IN ('agent', 'administrateur')),
  qualite text NOT NULL CHECK (btrim(qualite) <> ''),
  cree_le timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, agent_id, secteur)
);
CREATE INDEX socle_habilitation_agent ON socle_habilitation (agent_id);
"""

SESSIONS = """
CREATE TABLE socle_session (
  id uuid PRIMARY KEY,
  empreinte bytea NOT NULL UNIQUE,
  hote text NOT NULL,
  usager_id uuid REFERENCES socle_usager,
  agent_id uuid REFERENCES socle_agent,
  identite_id uuid REFERENCES socle_identite,
  appareil text NOT NULL DEFAULT '',
  -- What the identity provider wants back at sign-out: {issuer, client_id, id_token}, sealed with the secret key.
  fournisseur bytea,
  cree_le timestamptz NOT NULL,
  vue_le timestamptz NOT NULL,
  expire_le timestamptz NOT NULL,
  revoquee_le timestamptz,
  CHECK ((usager_id IS NULL) <> (agent_id IS NULL))
);
CREATE INDEX socle_session_usager ON socle_session (usager_id) WHERE usager_id IS NOT NULL;
CREATE INDEX socle_session_agent ON socle_session (agent_id) WHERE agent_id IS NOT NULL;

-- A sign-in or a hand-off between two of our hosts, while it lasts. Reached only by the hash of a secret.
CREATE TABLE socle_connexion (
  id uuid PRIMARY KEY,
  genre text NOT NULL CHECK (genre IN ('franceconnect', 'proconnect', 'courriel', 'passage')),
  hote text NOT NULL,
  suite text NOT NULL,
  temoin bytea NOT NULL,
  etat bytea UNIQUE,
  nonce text,
  code bytea,
  essais integer NOT NULL DEFAULT 0,
  courriel text,
  usager_id uuid REFERENCES socle_usager,
  agent_id uuid REFERENCES socle_agent,
  identite_id uuid REFERENCES socle_identite,
  fournisseur bytea,
  rattachement uuid REFERENCES socle_usager,
  erreur text,
  cree_le timestamptz NOT NULL,
  expire_le timestamptz NOT NULL,
  consommee_le timestamptz
);
CREATE INDEX socle_connexion_expire ON socle_connexion (expire_le);

CREATE TABLE socle_idempotence (
  cle bytea PRIMARY KEY,
  suite text NOT NULL,
  cree_le timestamptz NOT NULL
);
CREATE UNLOGGED TABLE socle_limite (
  cle text NOT NULL,
  fenetre timestamptz NOT NULL,
  compte integer NOT NULL,
  PRIMARY KEY (cle, fenetre)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON socle_connexion, socle_idempotence, socle_limite TO kumun_app, kumun_plateforme;
"""

AUDIT = """
CREATE TABLE socle_audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  collectivite_id uuid,
  quand timestamptz NOT NULL,
  acteur text NOT NULL,
  action text NOT NULL,
  objet text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  requete text NOT NULL DEFAULT '',
  lot integer
);
CREATE INDEX socle_audit_collectivite ON socle_audit (collectivite_id, id);
CREATE INDEX socle_audit_a_sceller ON socle_audit (id) WHERE lot IS NULL;
CREATE TABLE socle_audit_lot (
  chaine text NOT NULL,
  rang integer NOT NULL,
  nombre integer NOT NULL CHECK (nombre > 0),
  dernier bigint NOT NULL,
  precedente bytea NOT NULL,
  empreinte bytea NOT NULL,
  scelle_le timestamptz NOT NULL,
  PRIMARY KEY (chaine, rang)
);
ALTER TABLE socle_audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE socle_audit FORCE ROW LEVEL SECURITY;
CREATE POLICY lecture ON socle_audit FOR SELECT TO kumun_app
  USING (collectivite_id = ANY ((SELECT perimetre())::uuid[]) AND (SELECT en_instruction()));
CREATE POLICY ajout ON socle_audit FOR INSERT TO kumun_app
  WITH CHECK (collectivite_id IS NULL OR collectivite_id = (SELECT collectivite_courante()) OR (
    collectivite_id = ANY ((SELECT perimetre())::uuid[])));
CREATE POLICY plateforme ON socle_audit TO kumun_plateforme USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON socle_audit TO kumun_app, kumun_plateforme;
-- Sealing writes the batch number, once; nothing else of a line ever changes, and no line goes.
GRANT UPDATE (lot) ON socle_audit TO kumun_plateforme;
GRANT SELECT, INSERT ON socle_audit_lot TO kumun_plateforme;
CREATE FUNCTION audit_immuable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.lot IS NULL AND NEW.lot IS NOT NULL
     AND to_jsonb(OLD) - 'lot' = to_jsonb(NEW) - 'lot' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'an audit line never changes' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER immuable BEFORE UPDATE OR DELETE ON socle_audit FOR EACH ROW EXECUTE FUNCTION audit_immuable();
CREATE TRIGGER immuable BEFORE UPDATE OR DELETE ON socle_audit_lot FOR EACH ROW EXECUTE FUNCTION audit_immuable();
"""

PORTES = """
-- A person's account for an identity, made at the first sign-in. Sets app.usager for the rest of the transaction.
CREATE FUNCTION ouvrir_compte(
  p_id uuid, p_emetteur text, p_entite text, p_sub text, p_niveau text, p_donnees jsonb, p_maintenant timestamptz
) RETURNS TABLE (usager_id uuid, identite_id uuid, nouveau boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE trouvee socle_identite%ROWTYPE;
BEGIN
  UPDATE socle_identite i SET donnees = p_donnees, vue_le = p_maintenant
    WHERE i.emetteur = p_emetteur AND i.entite = p_entite AND i.sub = p_sub RETURNING * INTO trouvee;
  nouveau := NOT FOUND;
  IF nouveau THEN
    INSERT INTO socle_usager (id, cree_le) VALUES (p_id, p_maintenant);
    BEGIN
      INSERT INTO socle_identite (id, usager_id, emetteur, entite, sub, niveau, donnees, cree_le, vue_le)
        VALUES (p_id, p_id, p_emetteur, p_entite, p_sub, p_niveau, p_donnees, p_maintenant, p_maintenant)
        RETURNING * INTO trouvee;
    EXCEPTION WHEN unique_violation THEN
      -- The same callback came twice at the same moment: the first one made the account.
      DELETE FROM socle_usager WHERE id = p_id;
      nouveau := false;
      SELECT * INTO STRICT trouvee FROM socle_identite i
        WHERE i.emetteur = p_emetteur AND i.entite = p_entite AND i.sub = p_sub;
    END;
  END IF;
  PERFORM set_config('app.usager', trouvee.usager_id::text, true);
  usager_id := trouvee.usager_id; identite_id := trouvee.id;
  RETURN NEXT;
END $$;

-- The session of a token on a host, if it still lives; sets the person, and an agent's perimeter, for the rest of the
-- transaction. Perimeters of agents come from here only: no Python computes them.
CREATE FUNCTION ouvrir_session(p_empreinte bytea, p_hote text, p_maintenant timestamptz, p_inactivite interval)
RETURNS TABLE (
  session_id uuid, usager_id uuid, agent_id uuid, identite_id uuid, niveau text, donnees jsonb,
  courriel text, prenom text, nom text, opsn boolean, collectivites uuid[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE s socle_session%ROWTYPE;
BEGIN
  SELECT * INTO s FROM socle_session x WHERE x.empreinte = p_empreinte AND x.hote = p_hote
    AND x.revoquee_le IS NULL AND x.expire_le > p_maintenant AND x.vue_le > p_maintenant - p_inactivite;
  IF NOT FOUND THEN RETURN; END IF;
  IF s.vue_le < p_maintenant - interval '1 minute' THEN
    UPDATE socle_session SET vue_le = p_maintenant WHERE id = s.id;
  END IF;
  session_id := s.id; usager_id := s.usager_id; agent_id := s.agent_id; identite_id := s.identite_id;
  collectivites := '{}';
  IF s.usager_id IS NOT NULL THEN
    SELECT i.niveau, i.donnees INTO niveau, donnees FROM socle_identite i WHERE i.id = s.identite_id;
    PERFORM set_config('app.usager', s.usager_id::text, true);
  ELSE
    SELECT a.courriel, a.prenom, a.nom, a.opsn INTO courriel, prenom, nom, opsn
      FROM socle_agent a WHERE a.id = s.agent_id AND a.actif;
    IF NOT FOUND THEN RETURN; END IF;
    SELECT coalesce(array_agg(DISTINCT h.collectivite_id), '{}') INTO collectivites
      FROM socle_habilitation h JOIN socle_collectivite c ON c.id = h.collectivite_id AND c.etat <> 'close'
      WHERE h.agent_id = s.agent_id;
    PERFORM set_config('app.agent', s.agent_id::text, true),
            set_config('app.perimetre', collectivites::text, true),
            set_config('app.instruction', 'oui', true);
  END IF;
  RETURN NEXT;
END $$;

-- The agent who signs in: by the provider's sub, else by an invited address that has none yet.
CREATE FUNCTION reconnaitre_agent(p_sub text, p_courriel text, p_prenom text, p_nom text, p_maintenant timestamptz)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE trouve uuid;
BEGIN
  UPDATE socle_agent SET vu_le = p_maintenant, prenom = coalesce(nullif(p_prenom, ''), prenom),
    nom = coalesce(nullif(p_nom, ''), nom) WHERE sub = p_sub AND actif RETURNING id INTO trouve;
  IF trouve IS NULL THEN
    UPDATE socle_agent SET sub = p_sub, vu_le = p_maintenant, prenom = coalesce(nullif(p_prenom, ''), prenom),
      nom = coalesce(nullif(p_nom, ''), nom)
      WHERE courriel = lower(p_courriel) AND sub IS NULL AND actif RETURNING id INTO trouve;
  END IF;
  RETURN trouve;
END $$;

CREATE FUNCTION creer_session(
  p_id uuid, p_empreinte bytea, p_hote text, p_usager uuid, p_agent uuid, p_identite uuid, p_appareil text,
  p_fournisseur bytea, p_maintenant timestamptz, p_expire timestamptz
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO socle_session
    (id, empreinte, hote, usager_id, agent_id, identite_id, appareil, fournisseur, cree_le, vue_le, expire_le)
  VALUES (p_id, p_empreinte, p_hote, p_usager, p_agent, p_identite, p_appareil, p_fournisseur, p_maintenant,
    p_maintenant, p_expire)
$$;
"""


def upgrade() -> None:
    for bloc in (REGLAGES, COLLECTIVITES, PERSONNES, SESSIONS, AUDIT, PORTES):
        op.execute(bloc)
    a_soi = {
        "socle_usager": ("id = (SELECT usager_courant())", "SELECT"),
        "socle_identite": ("usager_id = (SELECT usager_courant())", "SELECT"),
        "socle_session": (
            "usager_id = (SELECT usager_courant()) OR agent_id = (SELECT agent_courant())",
            "SELECT, UPDATE (revoquee_le)",
        ),
        "socle_agent": (
            "id = (SELECT agent_courant()) OR ((SELECT en_instruction()) AND EXISTS (SELECT 1 FROM socle_habilitation h"
            " WHERE h.agent_id = socle_agent.id AND h.collectivite_id = ANY ((SELECT perimetre())::uuid[])))",
            "SELECT",
        ),
    }
    for table, (regle, droits) in a_soi.items():
        for sql in forcer(table):
            op.execute(sql)
        op.execute(f"GRANT {droits} ON {table} TO kumun_app")
        op.execute(f"CREATE POLICY soi ON {table} TO kumun_app USING ({regle})")
    for sql in commune("socle_habilitation", "SELECT"):
        op.execute(sql)
    for signature in (
        "ouvrir_compte(uuid, text, text, text, text, jsonb, timestamptz)",
        "ouvrir_session(bytea, text, timestamptz, interval)",
        "reconnaitre_agent(text, text, text, text, timestamptz)",
        "creer_session(uuid, bytea, text, uuid, uuid, uuid, text, bytea, timestamptz, timestamptz)",
    ):
        for sql in fonction(signature, "kumun_app, kumun_plateforme"):
            op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("the first migration is undone by dropping the database")
