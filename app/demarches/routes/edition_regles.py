"""One rule at a time, on a page of its own: rows of menus with nested groups, or text; what it says, what is wrong.

Adding, grouping and removing rows are buttons of the form: they work without script, and htmx only redraws the rows. A
rule that is wrong is kept like everything else in a work in progress; rows that say nothing yet are not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.definitions import Remarque
from app.demarches.edition import gestes, lieux, saisie_regle
from app.demarches.edition.epreuve import eprouver
from app.demarches.edition.fautes import verifier_contenu
from app.demarches.edition.libelles import libelle_de
from app.demarches.edition.lieux import Lieu
from app.demarches.edition.noms import environnement_de
from app.demarches.edition.saisie_regle import Groupe, Ligne, de_rangees, en_rangees
from app.demarches.expressions import (
    Environnement,
    ExpressionRefuseeError,
    analyser,
    depuis_rangees,
    ecrire,
    fautes_des_rangees,
    non_dite,
    vers_rangees,
)
from app.demarches.models_edition import Chantier
from app.demarches.presentation_regles import Dit, groupe_vu, insertions, phrase_de, placer
from app.demarches.routes.edition_commun import (
    RACINE,
    base_of,
    brut_of,
    common,
    revision_of,
)
from app.demarches.service import edition
from app.demarches.service.edition import Atelier, ConflitError
from app.socle.contexte import ContexteDep, FormulaireDep
from app.socle.vues import Erreur, Lien
from app.socle.web import page, redirect

router = APIRouter()
VOIR_TEXTE = "Cette règle reste écrite en texte : les menus ne savent pas montrer « {} »."
ILLISIBLE = "Cette règle ne peut pas encore être lue : corrigez son texte, puis revenez aux menus."
MAX_TEXTE = 4_000


@dataclass
class Brouillon:
    """A rule as it is being written: by rows (`groupe`) or as text; `avec` goes with it; `pourquoi` not by rows."""

    texte: str
    avec: dict[str, Any]
    groupe: Groupe | None = None
    pourquoi: str = ""


@dataclass(frozen=True, slots=True)
class Endroit:
    """Where a rule is being written, and what it may name."""

    chantier: Chantier
    lieu: Lieu
    env: Environnement

    @property
    def url(self) -> str:
        """The page of this rule."""
        return f"{base_of(self.chantier)}/regles/{self.lieu.nom}"

    @property
    def par_rangees(self) -> bool:
        """Whether rows of menus can say such a rule: a yes or a no, not a computation."""
        return self.lieu.genre.donne == "booleen"


def _endroit(chantier: Chantier, nom: str) -> Endroit:
    lieu = lieux.lieu_de(chantier.contenu, nom)
    return Endroit(chantier, lieu, environnement_de(chantier.contenu, lieu))


@router.get(f"{RACINE}/{{chantier_id}}/regles/{{nom}}")
async def show(ctx: ContexteDep, chantier_id: UUID, nom: str) -> Response:
    """A rule as it stands, or an empty row to begin one."""
    async with edition.open_chantier(ctx, chantier_id) as (atelier, chantier):
        place = _endroit(chantier, nom)
        stored = lieux.lire(chantier.contenu, place.lieu)
        avec = {cle: stored.get(cle) for cle, _ in place.lieu.genre.avec}
        return _dessiner(atelier, place, _ouvrir(place, stored.get("texte", ""), avec))


def _ouvrir(place: Endroit, texte: str, avec: dict[str, Any]) -> Brouillon:
    """A rule opened in rows when they can say it, else as text with the reason."""
    draft = Brouillon(texte, avec)
    if not place.par_rangees:
        return draft
    if not texte:
        draft.groupe = Groupe("tous", [Ligne()])
        return draft
    try:
        rows = vers_rangees(texte, place.env)
        draft.groupe = de_rangees(rows, place.env) if rows is not None else None
        draft.pourquoi = "" if rows is not None else VOIR_TEXTE.format(non_dite(texte, place.env))
    except ExpressionRefuseeError:
        draft.pourquoi = ILLISIBLE
    return draft


@router.post(f"{RACINE}/{{chantier_id}}/regles/{{nom}}")
async def act(ctx: ContexteDep, form: FormulaireDep, chantier_id: UUID, nom: str) -> Response:
    """One step on the rows, or keeping the rule, moving it in its list, taking it away."""
    geste, _, cible = str(form.get("geste", "")).partition(" ")
    keeps = geste in ("enregistrer", "effacer", "monter", "descendre")
    async with edition.open_chantier(ctx, chantier_id, lock=keeps) as (atelier, chantier):
        place = _endroit(chantier, nom)
        draft = _typed(place, form)
        if geste == "texte":
            draft.texte, draft.groupe = _texte_de(place, draft) or draft.texte, None
        elif geste == "menus":
            draft = _ouvrir(place, draft.texte, draft.avec)
        elif geste == "inserer":
            draft.texte = f"{draft.texte} {form.get('inserer', '')}".strip()[:MAX_TEXTE]
        elif draft.groupe is not None and not keeps:
            bloc = str(form.get(f"bloc-{cible}", "")) if geste == "lignes" else ""
            saisie_regle.agir(draft.groupe, geste, cible, bloc)
        if not keeps:
            return _dessiner(atelier, place, draft)
        return await _keep(atelier, place, draft, form, geste)


def _typed(place: Endroit, form: FormData) -> Brouillon:
    """What the form holds."""
    brut = brut_of(form)
    avec: dict[str, Any] = {}
    for cle, genre in place.lieu.genre.avec:
        typed = (brut.get(cle) or [""])[0].replace("\r\n", "\n").strip()[:MAX_TEXTE]
        avec[cle] = int(typed) if genre == "nombre" and typed.isdigit() and len(typed) < 6 else typed
    if "texte" in brut:
        return Brouillon(brut["texte"][0].replace("\r\n", "\n").strip()[: 2 * MAX_TEXTE], avec)
    return Brouillon("", avec, saisie_regle.lire(brut))


def _texte_de(place: Endroit, draft: Brouillon) -> str:
    """The text of the rule; empty while rows lack something."""
    if draft.groupe is None:
        return draft.texte
    try:
        return depuis_rangees(en_rangees(draft.groupe, place.env), place.env)
    except ExpressionRefuseeError:
        return ""


async def _keep(atelier: Atelier, place: Endroit, draft: Brouillon, form: FormData, geste: str) -> Response:
    chantier, lieu = place.chantier, place.lieu
    faults = _manques(place, draft) if geste == "enregistrer" else {}
    if faults:
        return _dessiner(atelier, place, draft, faults)
    texte = _texte_de(place, draft) if geste == "enregistrer" else ""
    if geste in ("monter", "descendre"):
        step, words = (-1, "montée") if geste == "monter" else (1, "descendue")
        done = (lambda contenu: lieux.deplacer(contenu, lieu, step), f"Règle {words} : {lieu.nom}")
    else:
        words = "écrite" if texte else "retirée"
        done = (lambda contenu: lieux.ecrire(contenu, lieu, texte, draft.avec), f"Règle {words} : {lieu.nom}")
    try:
        await edition.change(atelier, chantier, revision_of(form), ("regle", lieu.nom), *done)
    except ConflitError as conflit:
        return _dessiner(atelier, place, draft, conflit=conflit)
    wrong = bool(texte) and bool(eprouver(chantier.contenu, lieu))
    return redirect(atelier.ctx, f"{place.url if wrong else _retour(place)}?fait=enregistre")


def _manques(place: Endroit, draft: Brouillon) -> dict[str, str]:
    """What keeps a rule from being kept: rows that say nothing yet, or what must go with it."""
    found: dict[str, str] = {}
    if draft.groupe is not None:
        rows = en_rangees(draft.groupe, place.env)
        found = (
            fautes_des_rangees(rows, place.env) if draft.groupe.parties else {"r": "Ajoutez une condition."}
        )
    elif not draft.texte:
        found = {"texte": "Écrivez la règle, ou retirez-la."}
    elif len(draft.texte) > MAX_TEXTE:
        found = {"texte": "Raccourcissez cette règle : 4 000 caractères au plus."}
    return found | {
        cle: f"Remplissez « {libelle_de(cle)} »." for cle, value in draft.avec.items() if value in ("", None)
    }


def _retour(place: Endroit) -> str:
    """The page that the rule belongs to."""
    lieu, base = place.lieu, base_of(place.chantier)
    if lieu.champ_id:
        return f"{base}/champs/{lieu.champ_id}"
    if lieu.page_id:
        return f"{base}/pages/{lieu.page_id}"
    return f"{base}/parties/{'conservation' if lieu.sorte == 'durees' else 'autres'}"


def _dessiner(
    atelier: Atelier,
    place: Endroit,
    draft: Brouillon,
    manques: Mapping[str, str] | None = None,
    *,
    conflit: ConflitError | None = None,
) -> Response:
    contenu, lieu = place.chantier.contenu, place.lieu
    texte = _texte_de(place, draft)
    tried = eprouver(lieux.ecrire(contenu, lieu, texte, _complet(lieu, draft.avec)), lieu) if texte else []
    faults = dict(manques or {})
    if draft.groupe is None:
        wrong = [one.phrase for one in tried if one.gravite == "bloquant"]
        faults = ({"texte": wrong[0]} if wrong else {}) | faults
    dit = Dit(faults, placer(_montrees(draft, tried), texte, place.env))
    stored = lieux.lire(contenu, lieu)
    written = lieu.genre.liste and bool(stored)
    fil = _fil(place)
    context = common(atelier.ctx, place.chantier, verifier_contenu(contenu)[1], fil)
    return page(
        atelier.ctx,
        "demarches/edition/regle.html",
        block="regle",
        status=409 if conflit else 422 if manques else 200,
        **context,
        lieu={
            "titre": fil,
            "debut": lieu.genre.debut,
            "ecrite": bool(stored),
            "rang": lieu.rang if written else 0,
        },
        action_url=place.url,
        retour=Lien("Revenir sans enregistrer", _retour(place)),
        par_rangees=place.par_rangees,
        racine=groupe_vu(draft.groupe, place.env, dit) if draft.groupe is not None else None,
        texte=texte or draft.texte,
        extrait=_extrait(tried, texte),
        pourquoi=draft.pourquoi,
        phrase=phrase_de(lieu, texte, place.env),
        remarques=[phrase for phrases in dit.remarques.values() for phrase in phrases],
        avec=[
            _a_cote(cle, genre, draft.avec.get(cle), faults.get(cle, "")) for cle, genre in lieu.genre.avec
        ],
        noms=insertions(place.env),
        unites=saisie_regle.UNITES,
        erreur_texte=faults.get("texte", ""),
        erreurs_formulaire=_erreurs(manques or {}),
        conflit=conflit,
        enregistree=phrase_de(lieu, stored.get("texte", ""), place.env) or stored.get("texte", "")
        if conflit
        else "",
    )


def _montrees(draft: Brouillon, tried: Sequence[Remarque]) -> list[Remarque]:
    """Beside rows, everything; beside a text, its faults are already under it."""
    return [one for one in tried if draft.groupe is not None or one.gravite != "bloquant"]


def _complet(lieu: Lieu, avec: Mapping[str, Any]) -> dict[str, Any]:
    """What goes with a rule, completed so that the rule itself can be tried."""
    filled = {cle: avec.get(cle) for cle, _ in lieu.genre.avec}
    genres = dict(lieu.genre.avec)
    empty = {cle: 0 if genres[cle] == "nombre" else "…" for cle in filled}
    return {cle: empty[cle] if value in ("", None) else value for cle, value in filled.items()}


def _a_cote(nom: str, genre: str, valeur: Any, erreur: str) -> dict[str, Any]:
    """An input of what goes with a rule."""
    shown = "" if valeur is None else str(valeur)
    return {"nom": nom, "genre": genre, "libelle": libelle_de(nom), "valeur": shown, "erreur": erreur}


def _extrait(tried: Sequence[Remarque], texte: str) -> str:
    """The part of a text that its first fault points at."""
    first = next((one for one in tried if one.gravite == "bloquant" and one.fin), None)
    if first is None:
        return ""
    try:
        return ecrire(analyser(texte))[first.debut : first.fin]
    except ExpressionRefuseeError:
        return texte[first.debut : first.fin]


def _erreurs(manques: Mapping[str, str]) -> list[Erreur]:
    def ancre(place: str) -> str:
        return f"champ-{place}" if place.startswith("r.") else "lien-r" if place == "r" else place

    return [Erreur(ancre(place), phrase) for place, phrase in manques.items()]


def _fil(place: Endroit) -> str:
    """What the page is about: which rule, of what."""
    lieu, contenu = place.lieu, place.chantier.contenu
    title = lieu.genre.titre
    if lieu.champ_id:
        owner = gestes.champ_de(contenu, lieu.champ_id).get("libelle") or lieu.champ_id
    elif lieu.page_id:
        owner = gestes.page_de(contenu, lieu.page_id).get("titre") or lieu.page_id
        owner = f"{owner}, {lieu.section_id}" if lieu.section_id else owner
    else:
        return title
    return f"{title}\u00a0: «\u00a0{owner}\u00a0»"
