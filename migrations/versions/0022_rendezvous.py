"""Rendez-vous: places, what is occupied, when it is open, what is free, and who comes.

The last word is an exclusion constraint on physical occupants, across collectivités. Free time is a table kept in the
transaction that changes it, so that a search reads plain b-trees.
"""

from alembic import op

from migrations import politiques

revision = "0022_rendezvous"
down_revision = "0021_prix"
branch_labels = None
depends_on = None

TABLES = """
-- The embedded server has no btree_gist: a range of one uuid is compared by GiST as it is.
CREATE TYPE uuidrange AS RANGE (subtype = uuid);

CREATE TABLE rendezvous_lieu (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL UNIQUE,
  nom text NOT NULL CHECK (btrim(nom) <> ''),
  adresse jsonb NOT NULL DEFAULT '{}',
  longitude double precision CHECK (longitude BETWEEN -180 AND 180),
  latitude double precision CHECK (latitude BETWEEN -90 AND 90),
  fuseau text NOT NULL DEFAULT 'Europe/Paris',
  acces text NOT NULL DEFAULT '',
  actif boolean NOT NULL DEFAULT true,
  PRIMARY KEY (collectivite_id, id)
);
CREATE TABLE rendezvous_ressource (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL UNIQUE,
  nom text NOT NULL CHECK (btrim(nom) <> ''),
  genre text NOT NULL CHECK (genre IN ('agent', 'guichet', 'station', 'salle', 'vehicule')),
  -- The physical person or thing: an agent's own id, or the id of the ressource that names the thing first.
  occupant_id uuid NOT NULL,
  parent_id uuid,
  actif boolean NOT NULL DEFAULT true,
  PRIMARY KEY (collectivite_id, id),
  UNIQUE (collectivite_id, occupant_id),
  FOREIGN KEY (collectivite_id, parent_id) REFERENCES rendezvous_ressource,
  CHECK (parent_id IS DISTINCT FROM id)
);
CREATE INDEX rendezvous_ressource_occupant ON rendezvous_ressource (occupant_id);
CREATE TABLE rendezvous_motif (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL UNIQUE,
  nom text NOT NULL CHECK (btrim(nom) <> ''),
  consignes text NOT NULL DEFAULT '',
  modes text[] NOT NULL DEFAULT '{sur_place}'
    CHECK (cardinality(modes) > 0 AND modes <@ '{sur_place,telephone,visio,domicile}'),
  duree_premiere integer NOT NULL CHECK (duree_premiere BETWEEN 5 AND 1440),
  duree_suivante integer NOT NULL CHECK (duree_suivante BETWEEN 0 AND 480),
  personnes_max integer NOT NULL DEFAULT 1 CHECK (personnes_max BETWEEN 1 AND 50),
  tampon_avant integer NOT NULL DEFAULT 0 CHECK (tampon_avant BETWEEN 0 AND 240),
  tampon_apres integer NOT NULL DEFAULT 0 CHECK (tampon_apres BETWEEN 0 AND 240),
  pas integer NOT NULL DEFAULT 5 CHECK (pas BETWEEN 5 AND 240),
  delai_heures integer NOT NULL DEFAULT 0 CHECK (delai_heures >= 0),
  delai_jours_ouvres integer NOT NULL DEFAULT 0 CHECK (delai_jours_ouvres BETWEEN 0 AND 60),
  horizon_jours integer NOT NULL DEFAULT 90 CHECK (horizon_jours BETWEEN 1 AND 366),
  quota_jour integer CHECK (quota_jour > 0),
  en_ligne boolean NOT NULL DEFAULT true,
  predemande boolean NOT NULL DEFAULT false,
  raison_ants text CHECK (raison_ants IN ('CNI', 'PASSPORT', 'CNI-PASSPORT')),
  annuler_heures integer NOT NULL DEFAULT 2 CHECK (annuler_heures >= 0),
  deplacer_heures integer NOT NULL DEFAULT 2 CHECK (deplacer_heures >= 0),
  actif boolean NOT NULL DEFAULT true,
  PRIMARY KEY (collectivite_id, id)
);
-- One ressource of each rank is needed, all at once: an agent (rank 1) and a station (rank 2).
CREATE TABLE rendezvous_besoin (
  collectivite_id uuid NOT NULL,
  motif_id uuid NOT NULL,
  rang integer NOT NULL CHECK (rang BETWEEN 1 AND 9),
  ressource_id uuid NOT NULL,
  PRIMARY KEY (collectivite_id, motif_id, rang, ressource_id),
  FOREIGN KEY (collectivite_id, motif_id) REFERENCES rendezvous_motif ON DELETE CASCADE,
  FOREIGN KEY (collectivite_id, ressource_id) REFERENCES rendezvous_ressource ON DELETE CASCADE
);
-- Rules of opening, in the wall clock of the lieu; expanded into `rendezvous_ouverture`.
CREATE TABLE rendezvous_plage (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL UNIQUE,
  lieu_id uuid NOT NULL,
  ressource_id uuid NOT NULL,
  motifs uuid[],
  du date NOT NULL,
  au date,
  heure_debut time NOT NULL,
  heure_fin time NOT NULL,
  regle text NOT NULL DEFAULT '',
  vacances text NOT NULL DEFAULT 'toujours' CHECK (vacances IN ('toujours', 'hors', 'pendant')),
  feries boolean NOT NULL DEFAULT false,
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, lieu_id) REFERENCES rendezvous_lieu ON DELETE CASCADE,
  FOREIGN KEY (collectivite_id, ressource_id) REFERENCES rendezvous_ressource ON DELETE CASCADE,
  CHECK (heure_debut < heure_fin),
  CHECK (au IS NULL OR au >= du)
);
CREATE TABLE rendezvous_absence (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  occupant_id uuid NOT NULL,
  debut timestamptz NOT NULL,
  fin timestamptz NOT NULL,
  libelle text NOT NULL DEFAULT '',
  source text NOT NULL DEFAULT 'saisie',
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, occupant_id) REFERENCES rendezvous_ressource (collectivite_id, occupant_id),
  CHECK (debut < fin)
);
CREATE INDEX rendezvous_absence_occupant ON rendezvous_absence (occupant_id, debut, fin);
CREATE TABLE rendezvous_ouverture (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL,
  plage_id uuid NOT NULL,
  lieu_id uuid NOT NULL,
  ressource_id uuid NOT NULL,
  motifs uuid[],
  debut timestamptz NOT NULL,
  fin timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, id),
  UNIQUE (collectivite_id, plage_id, debut),
  FOREIGN KEY (collectivite_id, plage_id) REFERENCES rendezvous_plage ON DELETE CASCADE,
  CHECK (debut < fin)
);
CREATE INDEX rendezvous_ouverture_ressource ON rendezvous_ouverture (collectivite_id, ressource_id, debut, fin);
CREATE TABLE rendezvous_libre (
  collectivite_id uuid NOT NULL,
  ouverture_id uuid NOT NULL,
  lieu_id uuid NOT NULL,
  ressource_id uuid NOT NULL,
  motifs uuid[],
  debut timestamptz NOT NULL,
  fin timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, ressource_id, debut, ouverture_id),
  FOREIGN KEY (collectivite_id, ouverture_id) REFERENCES rendezvous_ouverture ON DELETE CASCADE,
  CHECK (debut < fin)
);
CREATE INDEX rendezvous_libre_fin ON rendezvous_libre (collectivite_id, ressource_id, fin);
CREATE INDEX rendezvous_libre_ouverture ON rendezvous_libre (collectivite_id, ouverture_id);
-- A collective session: several come at once, up to its places.
CREATE TABLE rendezvous_seance (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL UNIQUE,
  motif_id uuid NOT NULL,
  lieu_id uuid NOT NULL,
  debut timestamptz NOT NULL,
  fin timestamptz NOT NULL,
  places integer NOT NULL CHECK (places > 0),
  prises integer NOT NULL DEFAULT 0 CHECK (prises >= 0),
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, motif_id) REFERENCES rendezvous_motif,
  FOREIGN KEY (collectivite_id, lieu_id) REFERENCES rendezvous_lieu,
  CHECK (debut < fin),
  CHECK (prises <= places)
);
CREATE INDEX rendezvous_seance_motif ON rendezvous_seance (collectivite_id, motif_id, debut);

CREATE TABLE rendezvous_rendezvous (
  collectivite_id uuid NOT NULL,
  id uuid NOT NULL UNIQUE,
  lieu_id uuid NOT NULL,
  motif_id uuid NOT NULL,
  seance_id uuid,
  debut timestamptz NOT NULL,
  fin timestamptz NOT NULL,
  fuseau text NOT NULL,
  mode text NOT NULL DEFAULT 'sur_place' CHECK (mode IN ('sur_place', 'telephone', 'visio', 'domicile')),
  etat text NOT NULL CHECK (etat IN ('retenu', 'confirme', 'honore', 'absent', 'annule', 'expire')),
  personnes integer NOT NULL CHECK (personnes BETWEEN 1 AND 50),
  usager_id uuid REFERENCES socle_usager,
  jeton_empreinte bytea,
  lien_empreinte bytea UNIQUE,
  canal text NOT NULL CHECK (canal IN ('web', 'guichet', 'telephone', 'courrier', 'aidant', 'ants')),
  contact jsonb NOT NULL DEFAULT '{}',
  predemandes text[] NOT NULL DEFAULT '{}',
  sequence integer NOT NULL DEFAULT 0 CHECK (sequence >= 0),
  prolongations integer NOT NULL DEFAULT 0,
  -- Set by `rendezvous_occuper` alone: its time or its places are taken.
  occupe boolean NOT NULL DEFAULT false,
  cree_le timestamptz NOT NULL,
  modifie_le timestamptz NOT NULL,
  expire_le timestamptz,
  PRIMARY KEY (collectivite_id, id),
  FOREIGN KEY (collectivite_id, lieu_id) REFERENCES rendezvous_lieu,
  FOREIGN KEY (collectivite_id, motif_id) REFERENCES rendezvous_motif,
  FOREIGN KEY (collectivite_id, seance_id) REFERENCES rendezvous_seance,
  CHECK (debut < fin),
  -- A hold ends by itself; what is confirmed does not.
  CHECK ((etat = 'retenu') = (expire_le IS NOT NULL)),
  CHECK (occupe OR etat IN ('retenu', 'annule', 'expire')),
  CHECK (usager_id IS NOT NULL OR jeton_empreinte IS NOT NULL OR canal <> 'web')
);
CREATE INDEX rendezvous_rendezvous_jour ON rendezvous_rendezvous (collectivite_id, debut);
CREATE INDEX rendezvous_rendezvous_usager ON rendezvous_rendezvous (usager_id, debut) WHERE usager_id IS NOT NULL;
CREATE INDEX rendezvous_rendezvous_expire ON rendezvous_rendezvous (expire_le) WHERE expire_le IS NOT NULL;

CREATE TABLE rendezvous_occupation (
  collectivite_id uuid NOT NULL,
  rendezvous_id uuid NOT NULL,
  occupant_id uuid NOT NULL,
  ressource_id uuid NOT NULL,
  periode tstzrange NOT NULL CHECK (NOT isempty(periode) AND lower_inc(periode) AND NOT upper_inc(periode)),
  expire_le timestamptz,
  PRIMARY KEY (rendezvous_id, occupant_id),
  FOREIGN KEY (collectivite_id, rendezvous_id) REFERENCES rendezvous_rendezvous ON DELETE CASCADE,
  -- One person or thing is in one place at a time, whoever books it (design: the database has the last word).
  CONSTRAINT rendezvous_occupation_unique
    EXCLUDE USING gist (uuidrange(occupant_id, occupant_id, '[]') WITH &&, periode WITH &&)
);
CREATE INDEX rendezvous_occupation_ressource ON rendezvous_occupation (collectivite_id, ressource_id);
"""

# Who may occupy whom: a commune may not name somebody else's person or thing.
OCCUPANTS = """
CREATE FUNCTION rendezvous_verifier_occupant() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.occupant_id <> OLD.occupant_id THEN
    RAISE EXCEPTION 'a ressource keeps its occupant' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'INSERT' AND session_user = 'kumun_app' THEN
    IF NEW.genre = 'agent' AND NOT EXISTS (SELECT 1 FROM socle_habilitation h
        WHERE h.agent_id = NEW.occupant_id AND h.collectivite_id = NEW.collectivite_id) THEN
      RAISE EXCEPTION 'this agent does not serve this collectivité' USING ERRCODE = 'integrity_constraint_violation';
    ELSIF NEW.genre <> 'agent' AND NEW.occupant_id <> NEW.id THEN
      RAISE EXCEPTION 'things are shared by the platform' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END IF;
  RETURN NEW;
END $$;
-- After the policies have spoken: a row of another collectivité is refused as such.
CREATE TRIGGER occupant AFTER INSERT OR UPDATE ON rendezvous_ressource
  FOR EACH ROW EXECUTE FUNCTION rendezvous_verifier_occupant();
"""

LIBRE = """
-- The occupants that booking a ressource occupies: its own, and those of everything inside it.
CREATE FUNCTION rendezvous_dedans(p_ressource uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
  WITH RECURSIVE dedans AS (
    SELECT r.id, r.occupant_id FROM rendezvous_ressource r WHERE r.id = p_ressource
    UNION SELECT r.id, r.occupant_id FROM rendezvous_ressource r JOIN dedans d ON r.parent_id = d.id
  ) SELECT occupant_id FROM dedans
$$;
-- One transaction at a time writes the free time of an occupant, and of everything that holds it.
CREATE FUNCTION rendezvous_verrouiller(p_occupants uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE cle bigint;
BEGIN
  FOR cle IN WITH RECURSIVE autour AS (
      SELECT r.id, r.parent_id, r.occupant_id FROM rendezvous_ressource r WHERE r.occupant_id = ANY (p_occupants)
      UNION SELECT r.id, r.parent_id, r.occupant_id FROM rendezvous_ressource r JOIN autour a ON r.id = a.parent_id
    ) SELECT DISTINCT hashtextextended(occupant_id::text, 20) FROM autour ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock(cle);
  END LOOP;
END $$;
-- Free time again, for every opening of these occupants (and of what holds them) that touches the window.
CREATE FUNCTION rendezvous_recalculer(p_occupants uuid[], p_debut timestamptz, p_fin timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE touchees uuid[];
BEGIN
  PERFORM rendezvous_verrouiller(p_occupants);
  WITH RECURSIVE autour AS (
    SELECT r.id, r.parent_id FROM rendezvous_ressource r WHERE r.occupant_id = ANY (p_occupants)
    UNION SELECT r.id, r.parent_id FROM rendezvous_ressource r JOIN autour a ON r.id = a.parent_id
  ) SELECT array_agg(id) INTO touchees FROM autour;
  IF touchees IS NULL THEN RETURN; END IF;
  DELETE FROM rendezvous_libre l USING rendezvous_ouverture o
    WHERE o.collectivite_id = l.collectivite_id AND o.id = l.ouverture_id AND l.ressource_id = ANY (touchees)
      AND o.debut < p_fin AND o.fin > p_debut;
  INSERT INTO rendezvous_libre (collectivite_id, ouverture_id, lieu_id, ressource_id, motifs, debut, fin)
  SELECT o.collectivite_id, o.id, o.lieu_id, o.ressource_id, o.motifs, lower(reste), upper(reste)
  FROM rendezvous_ouverture o
  CROSS JOIN LATERAL (SELECT coalesce(range_agg(q.periode), '{}'::tstzmultirange) AS prises FROM (
      SELECT p.periode FROM rendezvous_occupation p
        WHERE p.occupant_id IN (SELECT rendezvous_dedans(o.ressource_id))
          AND p.periode && tstzrange(o.debut, o.fin)
      UNION ALL
      SELECT tstzrange(a.debut, a.fin) FROM rendezvous_absence a
        WHERE a.occupant_id IN (SELECT rendezvous_dedans(o.ressource_id)) AND a.debut < o.fin AND a.fin > o.debut
    ) q) x
  CROSS JOIN LATERAL unnest(tstzmultirange(tstzrange(o.debut, o.fin)) - x.prises) AS reste
  WHERE o.ressource_id = ANY (touchees) AND o.debut < p_fin AND o.fin > p_debut;
END $$;
CREATE FUNCTION rendezvous_absence_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN PERFORM rendezvous_recalculer(ARRAY[OLD.occupant_id], OLD.debut, OLD.fin); END IF;
  IF TG_OP <> 'DELETE' THEN PERFORM rendezvous_recalculer(ARRAY[NEW.occupant_id], NEW.debut, NEW.fin); END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER libre AFTER INSERT OR UPDATE OR DELETE ON rendezvous_absence
  FOR EACH ROW EXECUTE FUNCTION rendezvous_absence_change();
-- The openings of a ressource that begin in a window, written anew (the expansion of its rules), with their free time.
CREATE FUNCTION rendezvous_ouvrir(p_ressource uuid, p_debut timestamptz, p_fin timestamptz, p_ouvertures jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r rendezvous_ressource%ROWTYPE; dernier timestamptz;
BEGIN
  SELECT * INTO r FROM rendezvous_ressource x
    WHERE x.id = p_ressource AND x.collectivite_id = collectivite_courante() AND en_instruction();
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM rendezvous_verrouiller(ARRAY[r.occupant_id]);
  DELETE FROM rendezvous_ouverture o WHERE o.collectivite_id = r.collectivite_id AND o.ressource_id = r.id
    AND o.debut >= p_debut AND o.debut < p_fin;
  INSERT INTO rendezvous_ouverture (collectivite_id, id, plage_id, lieu_id, ressource_id, motifs, debut, fin)
    SELECT r.collectivite_id, x.id, x.plage_id, x.lieu_id, r.id, x.motifs, x.debut, x.fin
    FROM jsonb_to_recordset(p_ouvertures)
      AS x(id uuid, plage_id uuid, lieu_id uuid, motifs uuid[], debut timestamptz, fin timestamptz)
    WHERE x.debut >= p_debut AND x.debut < p_fin;
  SELECT greatest(p_fin, max(o.fin)) INTO dernier FROM rendezvous_ouverture o
    WHERE o.collectivite_id = r.collectivite_id AND o.ressource_id = r.id;
  PERFORM rendezvous_recalculer(ARRAY[r.occupant_id], p_debut, dernier);
END $$;
"""

COMMUNES = ("lieu", "ressource", "motif", "besoin", "plage", "seance")


def upgrade() -> None:
    for script in (TABLES, OCCUPANTS, LIBRE):
        op.execute(script)
    for name in COMMUNES:
        for statement in politiques.commune(f"rendezvous_{name}"):
            op.execute(statement)
    # Openings, free time and occupations are written by the functions alone.
    for statement in (
        *politiques.commune("rendezvous_ouverture", "SELECT"),
        *politiques.commune("rendezvous_libre", "SELECT"),
        *politiques.instruction("rendezvous_occupation", "SELECT"),
        *politiques.instruction("rendezvous_absence"),
        *politiques.personnel("rendezvous_rendezvous", "SELECT, INSERT, UPDATE"),
        *politiques.fonction("rendezvous_ouvrir(uuid, timestamptz, timestamptz, jsonb)"),
        *politiques.fonction("rendezvous_recalculer(uuid[], timestamptz, timestamptz)", "kumun_plateforme"),
    ):
        op.execute(statement)


def downgrade() -> None:
    names = (
        "occupation",
        "rendezvous",
        "seance",
        "libre",
        "ouverture",
        "absence",
        "plage",
        "besoin",
        "motif",
    )
    tables = ", ".join(f"rendezvous_{name}" for name in (*names, "ressource", "lieu"))
    op.execute(f"DROP TABLE {tables} CASCADE; DROP TYPE uuidrange CASCADE")
    for name in ("ouvrir", "absence_change", "recalculer", "verrouiller", "dedans", "verifier_occupant"):
        op.execute(f"DROP FUNCTION rendezvous_{name}")
