"""Full-text search at the size of an installation: words marked by collectivité and by week, newest answers first.

A GIN index knows nothing of perimeters, so the mark of the collectivité is put inside the words themselves: what a
search reads grows with its own answers, neither with the installation nor with the collectivité.
"""

from alembic import op

from migrations.politiques import fonction

revision = "0013_recherche"
down_revision = "0012_bureau"
branch_labels = None
depends_on = None

RECHERCHE = r"""
ALTER TABLE demarches_recherche ADD COLUMN depose_le timestamptz;
-- Eight hexadecimal digits of a collectivité; two that share them are told apart by the column.
CREATE FUNCTION marque_recherche(p_collectivite uuid) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT left(md5(p_collectivite::text), 8) $$;
-- Each word twice: `marque/word`, and `marqueYYWW/word` for the week of submission.
CREATE FUNCTION mots_recherche(p_collectivite uuid, p_depose_le timestamptz, p_texte text) RETURNS tsvector
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(string_agg(
    quote_literal(m.marque || '/' || u.mot) || ':' || u.places || ' '
    || quote_literal(m.marque || m.semaine || '/' || u.mot), ' '), '')::tsvector
  FROM (SELECT marque_recherche(p_collectivite) AS marque,
      to_char(p_depose_le AT TIME ZONE 'UTC', 'IYIW') AS semaine) m,
    LATERAL (SELECT left(mot, 60) AS mot, string_agg(rang::text, ',' ORDER BY rang) AS places
      FROM regexp_split_to_table(sans_accents(p_texte), '[^a-z0-9]+') WITH ORDINALITY AS t(mot, rang)
      WHERE mot <> '' AND rang < 16000 GROUP BY 1) u
$$;
CREATE OR REPLACE FUNCTION indexer_dossier(p_collectivite uuid, p_dossier uuid, p_texte text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF p_collectivite IS DISTINCT FROM collectivite_courante() THEN
    RAISE EXCEPTION 'outside the perimeter' USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- Nothing of a draft or of test mode is ever found.
  INSERT INTO demarches_recherche (collectivite_id, dossier_id, depose_le, mots)
    SELECT d.collectivite_id, d.id, d.depose_le, mots_recherche(d.collectivite_id, d.depose_le,
      concat_ws(' ', p_texte, left(d.numero, 4), substr(d.numero, 5, 4), right(d.numero, 4)))
    FROM demarches_dossier d
    WHERE d.collectivite_id = p_collectivite AND d.id = p_dossier AND d.depose_le IS NOT NULL AND NOT d.essai
    ON CONFLICT (collectivite_id, dossier_id) DO UPDATE SET mots = excluded.mots, depose_le = excluded.depose_le;
END $$;
DELETE FROM demarches_recherche;
INSERT INTO demarches_recherche (collectivite_id, dossier_id, depose_le, mots)
  SELECT d.collectivite_id, d.id, d.depose_le, mots_recherche(d.collectivite_id, d.depose_le, concat_ws(' ',
    d.numero, left(d.numero, 4), substr(d.numero, 5, 4), right(d.numero, 4), d.titre, d.demandeur ->> 'nom_naissance',
    d.demandeur ->> 'nom_usage', d.demandeur ->> 'prenoms', d.demandeur ->> 'courriel',
    (SELECT string_agg(value, ' ') FROM jsonb_each_text(d.reponses))))
  FROM demarches_dossier d WHERE d.depose_le IS NOT NULL AND NOT d.essai;
ALTER TABLE demarches_recherche ALTER COLUMN depose_le SET NOT NULL;

DROP FUNCTION chercher_dossiers(text, integer);
-- The newest dossiers, in the collectivités given that the transaction may read, that hold every word. A word ends as
-- one likes unless it is between quotation marks; words between quotation marks follow one another.
CREATE FUNCTION chercher_dossiers(
  p_texte text, p_collectivites uuid[], p_jour date, p_limite integer
) RETURNS TABLE (dossier_id uuid, depose_le timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  -- Answers read at once, in no order: more than a busy town files in a week.
  large CONSTANT integer := greatest(4 * p_limite, 800);
  lieux uuid[]; requete tsquery; trouves uuid[] := '{}'; dates timestamptz[] := '{}';
  encore uuid[]; ensuite timestamptz[]; premier timestamptz; jour timestamp; tour integer := 0;
BEGIN
  IF NOT en_instruction() THEN RETURN; END IF;
  lieux := ARRAY(SELECT l FROM unnest(p_collectivites) l WHERE l = ANY (perimetre()));
  LOOP
    -- After four weeks, all of time at once: a rare word has few answers, and reading them all is cheap. A common one
    -- has too many of them, and is read back week by week to where they are.
    jour := p_jour - make_interval(days => 7 * (tour - (tour > 4)::integer));
    requete := requete_recherche(p_texte, lieux, CASE tour WHEN 4 THEN '' ELSE to_char(jour, 'IYIW') END);
    EXIT WHEN requete IS NULL;
    SELECT coalesce(array_agg(x.dossier_id ORDER BY x.depose_le DESC), '{}'),
        coalesce(array_agg(x.depose_le ORDER BY x.depose_le DESC), '{}')
      INTO encore, ensuite
      FROM (SELECT r.dossier_id, r.depose_le FROM demarches_recherche r
        -- Written so that no other index than that of the words can be chosen.
        WHERE r.mots @@ requete AND (r.collectivite_id = ANY (lieux)) IS TRUE LIMIT large + 1) x;
    IF tour = 4 AND cardinality(encore) <= large THEN
      trouves := encore; dates := ensuite;
      EXIT;
    ELSIF tour = 4 THEN
      SELECT min(d.depose_le) INTO premier FROM unnest(lieux) l, LATERAL (
        SELECT x.depose_le FROM demarches_dossier x WHERE x.collectivite_id = l AND x.depose_le IS NOT NULL
        ORDER BY x.depose_le LIMIT 1) d;
    ELSE
      trouves := trouves || encore; dates := dates || ensuite;
    END IF;
    EXIT WHEN cardinality(trouves) >= p_limite OR jour < premier - interval '7 days' OR tour > 5000;
    tour := tour + 1;
  END LOOP;
  RETURN QUERY SELECT t, d FROM unnest(trouves, dates) u(t, d) LIMIT p_limite;
END $$;
-- The query of one week ('' for all): every word under the mark of each collectivité, any of them.
CREATE FUNCTION requete_recherche(p_texte text, p_lieux uuid[], p_semaine text) RETURNS tsquery
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT string_agg(lieu.groupe, ' | ')::tsquery FROM unnest(p_lieux) l, LATERAL (
    SELECT '(' || string_agg(terme.ecrit, ' & ') || ')' AS groupe FROM (
      SELECT CASE WHEN m[1] IS NOT NULL THEN (
          -- A week keeps no order of words: only the whole can tell a phrase.
          SELECT '(' || string_agg(quote_literal(marque_recherche(l) || '/' || mot), ' <-> ' ORDER BY rang) || ')'
            || CASE WHEN p_semaine = '' THEN '' ELSE
              ' & ' || string_agg(quote_literal(marque_recherche(l) || p_semaine || '/' || mot), ' & ') END
          FROM regexp_split_to_table(m[1], ' +') WITH ORDINALITY AS p(mot, rang) WHERE mot <> '')
        ELSE quote_literal(marque_recherche(l) || p_semaine || '/' || m[2]) || ':*' END AS ecrit
      FROM regexp_matches(
        regexp_replace(sans_accents(left(p_texte, 200)), '[^a-z0-9"]+', ' ', 'g'), '"([^"]*)"|([^ "]+)', 'g') m
      LIMIT 12
    ) terme WHERE terme.ecrit IS NOT NULL
  ) lieu WHERE lieu.groupe IS NOT NULL
$$;
"""


def upgrade() -> None:
    # A colon before a word would be a parameter.
    op.execute(RECHERCHE.replace(":*", "\\:*"))
    for sql in fonction("chercher_dossiers(text, uuid[], date, integer)", "kumun_app, kumun_plateforme"):
        op.execute(sql)


def downgrade() -> None:
    raise RuntimeError("the former index is not made again")
