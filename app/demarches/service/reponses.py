"""Writing answers: a whole page, or a field as it is typed; what two people change at once is never lost."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.demarches.definitions import Champ, Page
from app.demarches.domain import Saisie, entrees_de, etat_du_formulaire, parse_champ, parse_page
from app.demarches.domain.versions import Rapprochement, canonique, ecrire_marques, lire_marques, rapprocher
from app.demarches.repository import remplissage
from app.demarches.repository.remplissage import Reponse
from app.demarches.service.brouillons import Brouillon
from app.demarches.service.referentiels import resolve
from app.socle.contexte import Contexte
from app.socle.errors import NotFoundError

Brut = Mapping[str, Sequence[str]]
# Question to its value and the inputs that were typed.
Answers = dict[str, tuple[Any, dict[str, list[str]]]]


@dataclass(frozen=True, slots=True)
class Envoi:
    """What a form says of itself beside its answers: what it was drawn with, and which choices it brings back."""

    origine: str = ""
    versions: str = ""
    a_trancher: tuple[str, ...] = ()
    tranches: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Ecriture:
    """A page that was kept: what was read of it, and the questions that somebody else answered meanwhile.

    `conflits` gives what was typed here, which is not written; the stored answer is in the draft.
    """

    saisie: Saisie
    conflits: dict[str, dict[str, list[str]]] = field(default_factory=dict)


def envoi_of(fields: Brut) -> Envoi:
    """The form's own words, out of everything it sent."""

    def first(name: str) -> str:
        return (fields.get(name) or [""])[0]

    return Envoi(
        first("origine")[:40],
        first("versions"),
        tuple(first("conflits").split()),
        {n.removeprefix("conflit-"): values[0] for n, values in fields.items() if n.startswith("conflit-")},
    )


def marques_of(draft: Brouillon, champs: Iterable[Champ]) -> str:
    """What a form that shows these questions must carry to say which answers it was drawn with."""
    stored = draft.contenu.reponses
    return ecrire_marques(
        (c.id, stored[c.id].version if c.id in stored else 0, shown_of(draft, c)) for c in champs if c.repond
    )


def shown_of(draft: Brouillon, champ: Champ) -> Brut:
    """The inputs that a form shows for a question: what was typed, else what stands for its answer."""
    return draft.brut.get(champ.id) or entrees_de(champ, draft.reponses.get(champ.id))


def _clean(brut: Brut) -> dict[str, list[str]]:
    """Inputs as PostgreSQL can keep them: a NUL or half a surrogate pair, which nobody types, is left out."""
    return {
        name: [v.replace("\0", "").encode("utf-8", "ignore").decode() for v in values]
        for name, values in brut.items()
    }


def _typed(champ: Champ, brut: Brut) -> dict[str, list[str]]:
    """The inputs of one question, out of a form."""
    return {name: list(values) for name, values in champ.genre.prendre(champ, brut).items()}


def _joined(draft: Brouillon, champs: Iterable[Champ], fields: Brut, sent: Envoi) -> Rapprochement:
    return rapprocher(
        {champ.id: _typed(champ, fields) for champ in champs},
        fields,
        draft.contenu.reponses,
        lire_marques(sent.versions),
        sent.origine,
        tranches=sent.tranches,
        a_trancher=sent.a_trancher,
    )


async def save_page(
    ctx: Contexte, draft: Brouillon, page: Page, fields: Brut, envoi: Envoi | None = None
) -> Ecriture:
    """Keeps everything typed on a page, right or wrong, in one statement; the result says what is wrong.

    Only what changed is written. An answer that changed here and elsewhere since the form was drawn is in `conflits`,
    its stored value kept.
    """
    sent = envoi or Envoi()
    joined = _joined(draft, page.champs, fields, sent)
    lignes = await resolve(ctx, draft.dossier.collectivite_id, page.champs, joined.brut)
    saisie = parse_page(draft.definition, page, joined.brut, draft.reponses, draft.circonstances, lignes)
    answers: Answers = {}
    for champ in page.champs:
        typed = _clean(_typed(champ, saisie.brut))
        if champ.id not in joined.conflits and (champ.id in saisie.valeurs or typed):
            answers[champ.id] = (saisie.valeurs.get(champ.id, saisie.gardees.get(champ.id)), typed)
    late = await _write(ctx, draft, answers, sent.origine)
    if not late and not joined.conflits:
        draft.stands(saisie.etat)
    return Ecriture(saisie, _conflicts(page.champs, fields, joined.conflits | late))


def _conflicts(
    champs: Iterable[Champ], fields: Brut, ids: Collection[str]
) -> dict[str, dict[str, list[str]]]:
    return {champ.id: _clean(_typed(champ, fields)) for champ in champs if champ.id in ids}


async def _write(
    ctx: Contexte,
    draft: Brouillon,
    answers: Answers,
    origine: str,
) -> set[str]:
    """Writes what differs from what is stored; the questions that somebody wrote since we read them."""
    stored = draft.contenu.reponses
    changed = {id_: pair for id_, pair in answers.items() if _differs(stored.get(id_), *pair)}
    rows = [
        {
            "champ_id": id_,
            "valeur": valeur,
            "brut": brut,
            "connue": stored[id_].version if id_ in stored else 0,
        }
        for id_, (valeur, brut) in changed.items()
    ]
    versions = await remplissage.save_answers(
        ctx.db, draft.dossier, rows, origine=origine, auteur=ctx.acteur, now=ctx.now
    )
    for id_, version in versions.items():
        valeur, brut = changed[id_]
        draft.keep(id_, Reponse(valeur, brut, version, origine, ctx.acteur, ctx.now))
    late = changed.keys() - versions.keys()
    if late:
        dossier = draft.dossier
        now = await remplissage.read_content(ctx.db, dossier.collectivite_id, dossier.id)
        for id_ in late & now.reponses.keys():
            draft.keep(id_, now.reponses[id_])
    return set(late)


def _differs(stored: Reponse | None, valeur: Any, brut: Brut) -> bool:
    if stored is None:
        return valeur is not None or bool(canonique(brut))
    return stored.valeur != valeur or canonique(stored.brut) != canonique(brut)


async def save_champs(
    ctx: Contexte, draft: Brouillon, ids: Collection[str], fields: Brut, envoi: Envoi | None = None
) -> tuple[dict[str, str], dict[str, dict[str, list[str]]]]:
    """Autosave of some questions as they are typed, in one statement.

    Returns soft remarks on what is no answer yet, and what is in conflict as `save_page` does. NotFoundError for a
    question that this démarche does not have.
    """
    wanted = set(ids)
    known = {champ.id: champ for champ in draft.definition.champs() if champ.id in wanted and champ.repond}
    if wanted != known.keys():
        raise NotFoundError(
            "Cette question ne fait plus partie de la démarche. Rechargez la page et recommencez."
        )
    sent = envoi or Envoi()
    asked = [known[id_] for id_ in ids]
    joined = _joined(draft, asked, fields, sent)
    today = ctx.today(draft.collectivite.fuseau)
    lignes = await resolve(ctx, draft.dossier.collectivite_id, asked, joined.brut)
    answers: Answers = {}
    remarks = {}
    ruled = draft.definition.plan.lignes
    # Blocks whose rows have rules come last: these may read what is typed with them.
    for champ in sorted(asked, key=lambda champ: champ.id in ruled):
        if champ.id in joined.conflits or champ.id in joined.gardes:
            continue
        regles = None
        if champ.id in ruled:
            known = draft.reponses | {id_: value for id_, (value, _) in answers.items()}
            regles = etat_du_formulaire(draft.definition, known, draft.circonstances).lignes
        typed = parse_champ(champ, joined.brut, draft.reponses, today, lignes, regles)
        answers[champ.id] = (typed.valeur, _clean(typed.brut))
        if typed.erreur:
            remarks[champ.id] = typed.erreur
    late = await _write(ctx, draft, answers, sent.origine)
    return remarks, _conflicts(asked, fields, joined.conflits | late)


def empreinte_of(draft: Brouillon) -> str:
    """What a review page shows, in a word: it changes with any answer, document or version of the form."""
    shown = [(id_, r.version) for id_, r in sorted(draft.contenu.reponses.items())]
    facts = [draft.dossier.version_id, draft.dossier.surcouche_id, shown, [str(p.id) for p in draft.pieces]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
