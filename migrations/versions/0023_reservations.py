"""Taking time: the one door through which a rendez-vous occupies, and the state that decides what stays occupied."""

from alembic import op

from migrations import politiques

revision = "0023_reservations"
down_revision = "0022_rendezvous"
branch_labels = None
depends_on = None

OCCUPER = """
-- What a rendez-vous may take: time in what is free, or places in a session. True when it is taken.
-- Locks are per occupant, in order: who comes first is served first, and nobody waits for each other in a ring.
CREATE FUNCTION rendezvous_occuper(p_rendezvous uuid, p_maintenant timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  r rendezvous_rendezvous%ROWTYPE;
  m rendezvous_motif%ROWTYPE;
  s rendezvous_seance%ROWTYPE;
  tenu uuid[];
  choisie uuid;
  choisies uuid[] := '{}';
  rang_courant integer;
  prise tstzrange;
BEGIN
  SELECT * INTO r FROM rendezvous_rendezvous x WHERE x.id = p_rendezvous
    AND x.collectivite_id = collectivite_courante() AND x.etat = 'retenu' AND NOT x.occupe
    AND (en_instruction() OR x.usager_id = usager_courant() OR x.jeton_empreinte = jeton_courant());
  IF NOT FOUND THEN RETURN false; END IF;
  SELECT * INTO STRICT m FROM rendezvous_motif x WHERE x.collectivite_id = r.collectivite_id AND x.id = r.motif_id;
  IF r.seance_id IS NOT NULL THEN
    SELECT * INTO s FROM rendezvous_seance x
      WHERE x.collectivite_id = r.collectivite_id AND x.id = r.seance_id AND x.motif_id = r.motif_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM rendezvous_expirer(r.collectivite_id, p_maintenant, s.id);
    UPDATE rendezvous_seance x SET prises = x.prises + r.personnes
      WHERE x.collectivite_id = s.collectivite_id AND x.id = s.id AND x.prises + r.personnes <= x.places;
    IF NOT FOUND THEN RETURN false; END IF;
    UPDATE rendezvous_rendezvous x SET occupe = true WHERE x.collectivite_id = r.collectivite_id AND x.id = r.id;
    RETURN true;
  END IF;
  prise := tstzrange(r.debut - make_interval(mins => m.tampon_avant), r.fin + make_interval(mins => m.tampon_apres));
  SELECT array_agg(DISTINCT o) INTO tenu FROM rendezvous_besoin b, rendezvous_dedans(b.ressource_id) o
    WHERE b.collectivite_id = r.collectivite_id AND b.motif_id = r.motif_id;
  -- With those whom the holds that are over keep besides: clearing them needs their locks, asked for in the same order.
  PERFORM rendezvous_verrouiller(tenu || ARRAY(SELECT autre.occupant_id FROM rendezvous_occupation o
    JOIN rendezvous_occupation autre ON autre.rendezvous_id = o.rendezvous_id
    WHERE o.occupant_id = ANY (tenu) AND o.periode && prise AND o.expire_le <= p_maintenant));
  PERFORM rendezvous_liberer_expires(tenu, prise, p_maintenant);
  FOR rang_courant IN SELECT b.rang FROM rendezvous_besoin b
      WHERE b.collectivite_id = r.collectivite_id AND b.motif_id = r.motif_id
      GROUP BY b.rang ORDER BY count(*), b.rang LOOP
    -- Of those that are free, the one whose free time is the shortest: long spans stay whole for long visits.
    SELECT l.ressource_id INTO choisie FROM rendezvous_besoin b
      JOIN rendezvous_libre l ON l.collectivite_id = b.collectivite_id AND l.ressource_id = b.ressource_id
      JOIN rendezvous_ressource x ON x.collectivite_id = b.collectivite_id AND x.id = b.ressource_id AND x.actif
      WHERE b.collectivite_id = r.collectivite_id AND b.motif_id = r.motif_id AND b.rang = rang_courant
        AND l.lieu_id = r.lieu_id AND l.debut <= lower(prise) AND l.fin >= upper(prise)
        AND (l.motifs IS NULL OR r.motif_id = ANY (l.motifs)) AND l.ressource_id <> ALL (choisies)
      ORDER BY l.fin - l.debut, l.ressource_id LIMIT 1;
    IF choisie IS NULL THEN RETURN false; END IF;
    choisies := choisies || choisie;
  END LOOP;
  IF choisies = '{}' THEN RETURN false; END IF;
  INSERT INTO rendezvous_occupation (collectivite_id, rendezvous_id, occupant_id, ressource_id, periode, expire_le)
    SELECT DISTINCT ON (o) r.collectivite_id, r.id, o, c, prise, r.expire_le
    FROM unnest(choisies) c, rendezvous_dedans(c) o ORDER BY o;
  UPDATE rendezvous_rendezvous x SET occupe = true WHERE x.collectivite_id = r.collectivite_id AND x.id = r.id;
  PERFORM rendezvous_recalculer(tenu, lower(prise), upper(prise));
  RETURN true;
END $$;
-- Holds whose time is over, cleared by whoever needs theirs; the sweep clears the others. One that somebody is changing
-- at this moment is left to them: waiting for it here, under the locks that they may need, could be for ever.
CREATE FUNCTION rendezvous_liberer_expires(p_occupants uuid[], p_periode tstzrange, p_maintenant timestamptz)
RETURNS void LANGUAGE sql AS $$
  UPDATE rendezvous_rendezvous v SET etat = 'expire', expire_le = NULL, modifie_le = p_maintenant
  WHERE v.id IN (SELECT x.id FROM rendezvous_occupation o JOIN rendezvous_rendezvous x ON x.id = o.rendezvous_id
    WHERE o.occupant_id = ANY (p_occupants) AND o.periode && p_periode AND o.expire_le <= p_maintenant
      AND x.etat = 'retenu' ORDER BY x.id FOR UPDATE OF x SKIP LOCKED)
$$;
CREATE FUNCTION rendezvous_expirer(p_collectivite uuid, p_maintenant timestamptz, p_seance uuid) RETURNS void
LANGUAGE sql AS $$
  UPDATE rendezvous_rendezvous v SET etat = 'expire', expire_le = NULL, modifie_le = p_maintenant
  WHERE v.id IN (SELECT x.id FROM rendezvous_rendezvous x WHERE x.collectivite_id = p_collectivite
    AND x.seance_id = p_seance AND x.etat = 'retenu' AND x.expire_le <= p_maintenant FOR UPDATE SKIP LOCKED)
$$;
-- Every rendez-vous begins as a hold, and takes its time through the door above.
CREATE FUNCTION rendezvous_verifier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' AND (NEW.etat <> 'retenu' OR NEW.occupe) THEN
    RAISE EXCEPTION 'a rendez-vous begins as a hold' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.occupe <> OLD.occupe AND current_user = 'kumun_app' THEN
    RAISE EXCEPTION 'rendezvous_occuper alone says so' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER debut AFTER INSERT OR UPDATE ON rendezvous_rendezvous
  FOR EACH ROW EXECUTE FUNCTION rendezvous_verifier();
-- The state decides what is occupied, whoever changes it: confirmed stays, given up or expired goes.
CREATE FUNCTION rendezvous_suivre_etat() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE partis uuid[]; prise tstzrange; deja boolean; garde boolean;
BEGIN
  deja := OLD.etat NOT IN ('annule', 'expire');
  garde := NEW.etat NOT IN ('annule', 'expire');
  IF NOT deja AND garde THEN
    RAISE EXCEPTION 'what was given up is not brought back' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF deja AND (NEW.debut, NEW.fin, NEW.lieu_id, NEW.motif_id, NEW.seance_id, NEW.personnes)
      IS DISTINCT FROM (OLD.debut, OLD.fin, OLD.lieu_id, OLD.motif_id, OLD.seance_id, OLD.personnes) THEN
    RAISE EXCEPTION 'a rendez-vous is moved by booking another' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF deja AND garde AND NEW.expire_le IS DISTINCT FROM OLD.expire_le THEN
    UPDATE rendezvous_occupation SET expire_le = NEW.expire_le
      WHERE collectivite_id = NEW.collectivite_id AND rendezvous_id = NEW.id;
  ELSIF deja AND NOT garde AND NEW.occupe AND NEW.seance_id IS NOT NULL THEN
    UPDATE rendezvous_seance SET prises = prises - NEW.personnes
      WHERE collectivite_id = NEW.collectivite_id AND id = NEW.seance_id;
  ELSIF deja AND NOT garde THEN
    WITH rendues AS (
      DELETE FROM rendezvous_occupation WHERE collectivite_id = NEW.collectivite_id AND rendezvous_id = NEW.id
      RETURNING occupant_id, periode
    ) SELECT array_agg(occupant_id), (array_agg(periode))[1] INTO partis, prise FROM rendues;
    IF partis IS NOT NULL THEN PERFORM rendezvous_recalculer(partis, lower(prise), upper(prise)); END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER suite AFTER UPDATE ON rendezvous_rendezvous FOR EACH ROW EXECUTE FUNCTION rendezvous_suivre_etat();
"""

# What an account has follows it when two accounts become one.
RATTACHER = """
CREATE OR REPLACE FUNCTION rattacher_comptes(p_code bytea, p_hote text, p_temoin bytea, p_maintenant timestamptz)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE de uuid; vers uuid := usager_courant();
BEGIN
  UPDATE socle_connexion SET consommee_le = p_maintenant, code = NULL
    WHERE code = p_code AND hote = p_hote AND temoin = p_temoin AND genre = 'passage'
      AND consommee_le IS NULL AND expire_le > p_maintenant
    RETURNING usager_id INTO de;
  IF de IS NULL OR vers IS NULL THEN RETURN NULL; END IF;
  IF de = vers THEN RETURN vers; END IF;
  UPDATE demarches_dossier SET usager_id = vers WHERE usager_id = de;
  UPDATE demarches_acces SET usager_id = vers WHERE usager_id = de;
  UPDATE rendezvous_rendezvous SET usager_id = vers WHERE usager_id = de;
  UPDATE socle_identite SET usager_id = vers WHERE usager_id = de;
  UPDATE socle_session SET usager_id = vers WHERE usager_id = de;
  UPDATE socle_connexion SET usager_id = vers WHERE usager_id = de;
  UPDATE socle_connexion SET rattachement = NULL WHERE rattachement = de;
  DELETE FROM socle_usager WHERE id = de;
  RETURN vers;
END $$;
"""


def upgrade() -> None:
    op.execute(OCCUPER)
    op.execute(RATTACHER)
    for statement in politiques.fonction("rendezvous_occuper(uuid, timestamptz)"):
        op.execute(statement)


def downgrade() -> None:
    own = "  UPDATE rendezvous_rendezvous SET usager_id = vers WHERE usager_id = de;\n"
    op.execute(RATTACHER.replace(own, ""))
    op.execute("DROP TRIGGER debut ON rendezvous_rendezvous; DROP TRIGGER suite ON rendezvous_rendezvous")
    for name in ("occuper", "liberer_expires", "expirer", "verifier", "suivre_etat"):
        op.execute(f"DROP FUNCTION rendezvous_{name}")
