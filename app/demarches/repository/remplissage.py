"""SQL of filling and submitting, the path that every resident takes: one statement for each thing to know or to do."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from app.demarches.models import Document, Dossier, Piece
from app.demarches.repository.direct import as_json, columns_of, from_json, made
from app.socle.db import fetch

_DOSSIER = columns_of(Dossier, "d")
_CONTENU = """
  (SELECT json_agg(json_build_array(r.champ_id, r.valeur, r.brut, r.version, r.origine, r.auteur, r.modifie_le))
     FROM demarches_reponse r WHERE r.collectivite_id = d.collectivite_id AND r.dossier_id = d.id) AS saisies,
  (SELECT json_agg(to_json(p) ORDER BY p.id) FROM demarches_piece p
     WHERE p.collectivite_id = d.collectivite_id AND p.dossier_id = d.id AND p.etat <> 'remplacee') AS jointes"""
_BROUILLON = f"""SELECT {_DOSSIER}, {_CONTENU} FROM demarches_dossier d
  WHERE d.collectivite_id = $1 AND d.slug = $2 AND d.etat = 'brouillon' AND d.canal = 'web'"""  # noqa: S608
_DU_COMPTE = f"""{_BROUILLON} AND (d.usager_id = $3 OR (d.usager_id IS NULL AND d.jeton_empreinte = $4))
  ORDER BY d.usager_id IS NULL, d.modifie_le DESC LIMIT 1"""
_DU_NAVIGATEUR = f"{_BROUILLON} AND d.usager_id IS NULL AND d.jeton_empreinte = $3 LIMIT 1"
_PAR_ID = " FROM demarches_dossier d WHERE d.collectivite_id = $1 AND d.id = $2"
_LIRE = f"SELECT {_DOSSIER}, {_CONTENU}{_PAR_ID}"
# Who writes answers and who submits wait for each other: nothing is kept beside a dossier that was frozen meanwhile.
_POUR_ECRIRE = f"SELECT {_DOSSIER}, {_CONTENU}{_PAR_ID} FOR NO KEY UPDATE OF d"
# What a few questions need to be saved: their own answers, out of what may be hundreds.
_POUR_CHAMPS = f"""SELECT {_DOSSIER}, (SELECT json_agg(json_build_array(r.champ_id, r.valeur, r.brut, r.version,
    r.origine, r.auteur, r.modifie_le)) FROM demarches_reponse r WHERE r.collectivite_id = d.collectivite_id
    AND r.dossier_id = d.id AND r.champ_id = ANY ($3)) AS saisies, NULL::json AS jointes
  {_PAR_ID} FOR NO KEY UPDATE OF d"""  # noqa: S608
_POUR_DEPOSER = f"""SELECT {_DOSSIER}, (SELECT count(*) FROM demarches_dossier autre WHERE autre.depose_le > $3
    AND (autre.usager_id = d.usager_id OR autre.jeton_empreinte = d.jeton_empreinte)) AS recents
  {_PAR_ID} FOR NO KEY UPDATE OF d"""  # noqa: S608
_CONTENU_SEUL = f"SELECT {_CONTENU}{_PAR_ID}"
_ACCES = f"""SELECT {_DOSSIER}, ARRAY(SELECT p.champ_id FROM demarches_piece p WHERE p.collectivite_id =
  d.collectivite_id AND p.dossier_id = d.id AND p.etat <> 'remplacee') AS jointes{_PAR_ID}"""  # noqa: S608


@dataclass(slots=True)
class Reponse:
    """An answer of a draft: its value, what was typed, and how often, by which form and by whom it was written."""

    valeur: Any
    brut: dict[str, list[str]]
    version: int
    origine: str
    auteur: str
    modifie_le: datetime


@dataclass(slots=True)
class Contenu:
    """What hangs under a draft."""

    reponses: dict[str, Reponse] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)


def _contenu(row: Any) -> Contenu:
    answers = {
        line[0]: Reponse(*line[1:6], datetime.fromisoformat(line[6]))  # type: ignore[call-arg]
        for line in row["saisies"] or ()
    }
    return Contenu(answers, [from_json(Piece, line) for line in row["jointes"] or ()])


def _both(found: Sequence[Any]) -> tuple[Dossier, Contenu] | None:
    if not found:
        return None
    return made(Dossier, found[0]), _contenu(found[0])


async def find_draft(
    session: AsyncSession, collectivite_id: UUID, slug: str, usager_id: UUID | None, jeton: bytes
) -> tuple[Dossier, Contenu] | None:
    """The person's draft of that démarche and its content: the account's own first, else this browser's."""
    if usager_id is None:
        return _both(await fetch(session, _DU_NAVIGATEUR, collectivite_id, slug, jeton))
    return _both(await fetch(session, _DU_COMPTE, collectivite_id, slug, usager_id, jeton))


_DERNIER = """SELECT id, depose_le FROM demarches_dossier WHERE collectivite_id = $1 AND slug = $2 AND usager_id = $3
  AND depose_le IS NOT NULL ORDER BY depose_le DESC LIMIT 1"""


async def find_former(
    session: AsyncSession, collectivite_id: UUID, slug: str, usager_id: UUID
) -> tuple[UUID, datetime] | None:
    """The last dossier of that démarche that a person filed there, and when."""
    found = await fetch(session, _DERNIER, collectivite_id, slug, usager_id)
    return (found[0]["id"], found[0]["depose_le"]) if found else None


_SANS_CODE = """SELECT d.id FROM demarches_dossier d WHERE d.collectivite_id = $1 AND d.etat = 'brouillon'
  AND d.canal = 'web' AND d.usager_id IS NULL AND d.jeton_empreinte = $2 AND NOT EXISTS (
    SELECT FROM demarches_acces a WHERE a.collectivite_id = d.collectivite_id AND a.dossier_id = d.id
      AND a.genre = 'suivi' AND a.revoque_le IS NULL)"""


async def list_lost(session: AsyncSession, collectivite_id: UUID, jeton: bytes) -> list[UUID]:
    """The drafts of a browser that has no account and was given no code."""
    return [row["id"] for row in await fetch(session, _SANS_CODE, collectivite_id, jeton)]


_DE_L_USAGER = f"""SELECT {_DOSSIER}, {_CONTENU} FROM demarches_dossier d
  WHERE d.usager_id = $1 AND d.etat = 'brouillon' ORDER BY d.modifie_le DESC LIMIT $2"""  # noqa: S608


async def list_drafts(session: AsyncSession, usager_id: UUID, limit: int) -> list[tuple[Dossier, Contenu]]:
    """A person's drafts in every collectivité with their content, latest first, in one statement."""
    rows = await fetch(session, _DE_L_USAGER, usager_id, limit)
    return [(made(Dossier, row), _contenu(row)) for row in rows]


async def read_draft(
    session: AsyncSession, collectivite_id: UUID, dossier_id: UUID, *, lock: bool = False
) -> tuple[Dossier, Contenu] | None:
    """A dossier that the transaction may see, with its content; locked against submission when it is to be written."""
    return _both(await fetch(session, _POUR_ECRIRE if lock else _LIRE, collectivite_id, dossier_id))


async def read_some(
    session: AsyncSession, collectivite_id: UUID, dossier_id: UUID, champs: Collection[str]
) -> tuple[Dossier, Contenu] | None:
    """A dossier locked to be written, with the answers to those questions alone."""
    return _both(await fetch(session, _POUR_CHAMPS, collectivite_id, dossier_id, list(champs)))


async def read_content(session: AsyncSession, collectivite_id: UUID, dossier_id: UUID) -> Contenu:
    """The answers and documents of a draft, as they are now."""
    found = await fetch(session, _CONTENU_SEUL, collectivite_id, dossier_id)
    return _contenu(found[0]) if found else Contenu()


async def read_access(
    session: AsyncSession, collectivite_id: UUID, dossier_id: UUID
) -> tuple[Dossier, list[str]] | None:
    """A dossier without its answers, and the question of each document it has: what must be known to receive one."""
    found = await fetch(session, _ACCES, collectivite_id, dossier_id)
    if not found:
        return None
    return made(Dossier, found[0]), list(found[0]["jointes"])


async def lock_to_submit(
    session: AsyncSession, collectivite_id: UUID, dossier_id: UUID, since: datetime
) -> tuple[Dossier, int] | None:
    """A dossier, locked, and how many its owner has submitted since then.

    Its content is read afterwards (`read_content`): a save that this lock has waited for is then seen.
    """
    found = await fetch(session, _POUR_DEPOSER, collectivite_id, dossier_id, since)
    if not found:
        return None
    return made(Dossier, found[0]), found[0]["recents"]


_ECRIRE = """
INSERT INTO demarches_reponse AS r
    (collectivite_id, dossier_id, champ_id, valeur, brut, version, origine, auteur, modifie_le)
  SELECT $1, $2, n.champ_id, n.valeur, n.brut, n.connue + 1, $4, $5, $6
    FROM jsonb_to_recordset($3) AS n(champ_id text, valeur jsonb, brut jsonb, connue integer)
ON CONFLICT (collectivite_id, dossier_id, champ_id) DO UPDATE
  SET valeur = excluded.valeur, brut = excluded.brut, version = r.version + 1,
      origine = excluded.origine, auteur = excluded.auteur, modifie_le = excluded.modifie_le
  WHERE r.version = excluded.version - 1 OR (r.origine = excluded.origine AND r.origine <> '')
RETURNING r.champ_id, r.version"""
_TOUCHER = "UPDATE demarches_dossier SET modifie_le = $3 WHERE collectivite_id = $1 AND id = $2"
# How exactly a draft says when it was last touched: its term is counted in days.
PRECISION = timedelta(minutes=5)


async def save_answers(
    session: AsyncSession,
    dossier: Dossier,
    answers: list[dict[str, Any]],
    *,
    origine: str,
    auteur: str,
    now: datetime,
) -> dict[str, int]:
    """Writes answers (champ_id, valeur, brut, connue), each a version further, in one statement; their new versions.

    One that is no longer in the version `connue`, and was not written by the same form (`origine`), is left as it is
    and absent from the result.
    """
    if not answers:
        return {}
    if now - dossier.modifie_le > PRECISION:
        await fetch(session, _TOUCHER, dossier.collectivite_id, dossier.id, now)
    written = await fetch(
        session, _ECRIRE, dossier.collectivite_id, dossier.id, as_json(answers), origine, auteur, now
    )
    return {row["champ_id"]: row["version"] for row in written}


_DEPOSER = """
WITH d AS (
  UPDATE demarches_dossier
    SET etat = $3, numero = $4, demandeur = $5, reponses = $6, depose_le = $7, silence_le = $8, silence_sens = $15,
        modifie_le = $7, prix_centimes = $14, dua_annees = $16, revision = revision + 1, langue = $13,
        groupe_id = (SELECT g.id FROM demarches_groupe g
          WHERE g.collectivite_id = $1 AND lower(g.nom) = lower($12) AND g.actif)
    WHERE collectivite_id = $1 AND id = $2 RETURNING collectivite_id, id
), r AS (
  DELETE FROM demarches_reponse WHERE collectivite_id = $1 AND dossier_id = $2
), e AS (
  INSERT INTO demarches_evenement (collectivite_id, dossier_id, id, quand, genre, auteur)
    SELECT collectivite_id, id, $9, $7, 'depot', $10 FROM d
)
SELECT indexer_dossier(collectivite_id, id, $11) FROM d"""


async def freeze(
    session: AsyncSession,
    dossier: Dossier,
    *,
    etat: str,
    numero: str,
    demandeur: dict[str, Any],
    reponses: dict[str, Any],
    depose_le: datetime,
    silence_le: date | None,
    silence_sens: str | None,
    evenement_id: UUID,
    auteur: str,
    mots: str,
    groupe: str | None,
    langue: str,
    prix_centimes: int | None,
    dua_annees: int | None,
) -> None:
    """The draft becomes a dossier: its row, its history, its words; the rows of its answers go.

    IntegrityError on `demarches_dossier_numero_key` for a number that exists.
    """
    await fetch(
        session,
        _DEPOSER,
        dossier.collectivite_id,
        dossier.id,
        etat,
        numero,
        as_json(demandeur),
        as_json(reponses),
        depose_le,
        silence_le,
        evenement_id,
        auteur,
        mots,
        groupe,
        langue,
        prix_centimes,
        silence_sens,
        dua_annees,
    )
    for name, value in (("etat", etat), ("numero", numero), ("depose_le", depose_le), ("reponses", reponses)):
        set_committed_value(dossier, name, value)


_RECU = f"""SELECT {_DOSSIER}, (SELECT json_agg(to_json(t) ORDER BY t.cree_le) FROM demarches_document t
    WHERE t.collectivite_id = d.collectivite_id AND t.dossier_id = d.id) AS papiers
  FROM demarches_dossier d WHERE d.id = $1"""  # noqa: S608


async def find_receipt(session: AsyncSession, dossier_id: UUID) -> tuple[Dossier, list[Document]] | None:
    """A dossier that the transaction may see, on any host, and its papers, oldest first."""
    found = await fetch(session, _RECU, dossier_id)
    if not found:
        return None
    papiers = [from_json(Document, line) for line in found[0]["papiers"] or ()]
    return made(Dossier, found[0]), papiers
