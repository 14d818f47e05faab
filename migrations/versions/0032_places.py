"""Places of an option, counted by the database under a lock, and the waiting list that moves by itself."""

from alembic import op

from migrations.politiques import commune, du_dossier, fonction

revision = "0032_places"
down_revision = "0031_referentiels"
branch_labels = None
depends_on = None

PLACES = """
-- How many may choose an option, for a season. Counters move under the row's own lock, by the triggers below alone.
CREATE TABLE demarches_quota (
  collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
  id uuid NOT NULL,
  slug text NOT NULL,
  champ_id text NOT NULL,
  -- The value of the option; of lists that follow from one another, the values of the path, slashes between.
  option text NOT NULL,
  saison text NOT NULL CHECK (length(saison) <= 40),
  places integer NOT NULL CHECK (places BETWEEN 0 AND 100000),
  prises integer NOT NULL DEFAULT 0,
  attente integer NOT NULL DEFAULT 0,
  active boolean NOT NULL DEFAULT true,
  PRIMARY KEY (collectivite_id, id)
);
CREATE UNIQUE INDEX demarches_quota_option ON demarches_quota (collectivite_id, slug, champ_id, option) WHERE active;
CREATE TABLE demarches_place (
  collectivite_id uuid NOT NULL,
  dossier_id uuid NOT NULL,
  quota_id uuid NOT NULL,
  etat text NOT NULL CHECK (etat IN ('prise', 'attente')),
  -- The place in the waiting list, from 1; 0 for whoever has one.
  rang integer NOT NULL,
  cree_le timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (collectivite_id, dossier_id, quota_id),
  FOREIGN KEY (collectivite_id, dossier_id) REFERENCES demarches_dossier ON DELETE CASCADE,
  FOREIGN KEY (collectivite_id, quota_id) REFERENCES demarches_quota,
  CHECK ((etat = 'prise') = (rang = 0))
);
CREATE INDEX demarches_place_attente ON demarches_place (collectivite_id, quota_id, rang) WHERE etat = 'attente';

CREATE FUNCTION option_choisie(p_reponses jsonb, p_champ text, p_option text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(CASE jsonb_typeof(p_reponses -> p_champ)
    WHEN 'string' THEN p_reponses ->> p_champ = p_option
    WHEN 'array' THEN jsonb_exists(p_reponses -> p_champ, p_option)
    WHEN 'object' THEN concat_ws('/', p_reponses -> p_champ ->> 'niveau1', p_reponses -> p_champ ->> 'niveau2',
      p_reponses -> p_champ ->> 'niveau3') = p_option END, false)
$$;

-- A dossier that is submitted takes its places, or enters the waiting list; one that ends without success gives them
-- back.
CREATE FUNCTION placer_dossier() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q demarches_quota;
BEGIN
  IF NEW.etat IN ('refuse', 'sans_suite', 'retire', 'transmis') THEN
    PERFORM 1 FROM demarches_quota WHERE collectivite_id = NEW.collectivite_id AND id IN (
      SELECT quota_id FROM demarches_place WHERE collectivite_id = NEW.collectivite_id AND dossier_id = NEW.id)
      ORDER BY id FOR UPDATE;
    DELETE FROM demarches_place WHERE collectivite_id = NEW.collectivite_id AND dossier_id = NEW.id;
    RETURN NULL;
  END IF;
  FOR q IN SELECT * FROM demarches_quota WHERE collectivite_id = NEW.collectivite_id AND slug = NEW.slug AND active
      AND option_choisie(NEW.reponses, champ_id, option) ORDER BY id FOR UPDATE LOOP
    IF q.prises < q.places AND q.attente = 0 THEN
      INSERT INTO demarches_place (collectivite_id, dossier_id, quota_id, etat, rang)
        VALUES (NEW.collectivite_id, NEW.id, q.id, 'prise', 0);
      UPDATE demarches_quota SET prises = prises + 1 WHERE collectivite_id = q.collectivite_id AND id = q.id;
    ELSE
      INSERT INTO demarches_place (collectivite_id, dossier_id, quota_id, etat, rang)
        VALUES (NEW.collectivite_id, NEW.id, q.id, 'attente', q.attente + 1);
      UPDATE demarches_quota SET attente = attente + 1 WHERE collectivite_id = q.collectivite_id AND id = q.id;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER places AFTER UPDATE OF depose_le ON demarches_dossier FOR EACH ROW
  WHEN (OLD.depose_le IS NULL AND NEW.depose_le IS NOT NULL AND NOT NEW.essai) EXECUTE FUNCTION placer_dossier();
CREATE TRIGGER places_rendues AFTER UPDATE OF etat ON demarches_dossier FOR EACH ROW
  WHEN (OLD.etat <> NEW.etat AND NEW.etat IN ('refuse', 'sans_suite', 'retire', 'transmis'))
  EXECUTE FUNCTION placer_dossier();

-- Gives what is free to whoever waits first, and has them told; the caller's statement has locked the quota.
CREATE FUNCTION promouvoir_attente() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE suivant uuid;
BEGIN
  IF NEW.active AND NEW.attente > 0 AND NEW.prises < NEW.places THEN
    UPDATE demarches_place SET etat = 'prise', rang = 0 WHERE collectivite_id = NEW.collectivite_id
      AND quota_id = NEW.id AND etat = 'attente' AND rang = 1 RETURNING dossier_id INTO suivant;
    UPDATE demarches_place SET rang = rang - 1 WHERE collectivite_id = NEW.collectivite_id AND quota_id = NEW.id
      AND etat = 'attente';
    PERFORM emettre('defaut', 'demarches:place_obtenue', jsonb_build_object('collectivite_id', NEW.collectivite_id,
      'dossier_id', suivant, 'quota_id', NEW.id), NULL, NULL, NULL);
    -- This update comes back here, until nobody waits or nothing is free.
    UPDATE demarches_quota SET prises = prises + 1, attente = attente - 1
      WHERE collectivite_id = NEW.collectivite_id AND id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER promotion AFTER UPDATE ON demarches_quota FOR EACH ROW EXECUTE FUNCTION promouvoir_attente();

CREATE FUNCTION place_rendue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF OLD.etat = 'attente' THEN
    UPDATE demarches_place SET rang = rang - 1 WHERE collectivite_id = OLD.collectivite_id
      AND quota_id = OLD.quota_id AND etat = 'attente' AND rang > OLD.rang;
  END IF;
  UPDATE demarches_quota SET prises = prises - (OLD.etat = 'prise')::int,
    attente = attente - (OLD.etat = 'attente')::int
    WHERE collectivite_id = OLD.collectivite_id AND id = OLD.quota_id;
  RETURN NULL;
END $$;
CREATE TRIGGER rendue AFTER DELETE ON demarches_place FOR EACH ROW EXECUTE FUNCTION place_rendue();
"""


def upgrade() -> None:
    op.execute(PLACES)
    regles = [
        commune("demarches_quota", "SELECT, INSERT, UPDATE"),
        # Nobody writes a counter, nor a place.
        [
            "REVOKE INSERT, UPDATE ON demarches_quota FROM kumun_app",
            "GRANT INSERT (collectivite_id, id, slug, champ_id, option, saison, places), UPDATE (places, active)"
            " ON demarches_quota TO kumun_app",
        ],
        du_dossier("demarches_place", "SELECT"),
        *(fonction(f"{nom}()") for nom in ("placer_dossier", "promouvoir_attente", "place_rendue")),
    ]
    for sql in (phrase for regle in regles for phrase in regle):
        op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("who has a place is not forgotten by a migration")
