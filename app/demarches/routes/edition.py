"""The editor of démarches: what is in progress, its pages and questions, one form for each; works without script.

The same pages serve the OPSN's console (shared démarches) and the desk (those of a collectivité, by its
administrators). A form carries the revision that its reader saw: somebody else's change is shown, never overwritten.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.edition import gestes
from app.demarches.edition.attributs import (
    RANGEES_LIBRES,
    Entree,
    TexteIllisibleError,
    depuis_saisie,
    entrees_champ,
    entrees_page,
    entrees_partie,
    parties,
    regles_du_type,
    vers_saisie,
)
from app.demarches.edition.fautes import Faute, verifier_contenu
from app.demarches.edition.libelles import NOMS_PARTIES, type_de
from app.demarches.models_edition import Chantier
from app.demarches.presentation_regles import cartes
from app.demarches.routes.edition_commun import (
    RACINE,
    base_of,
    brut_of,
    common,
    place_of,
    retaper,
    revision_of,
    types_offered,
)
from app.demarches.service import edition
from app.demarches.service.edition import Atelier, ConflitError
from app.socle.contexte import ContexteDep, FormulaireDep
from app.socle.errors import NotFoundError
from app.socle.vues import Erreur, Option
from app.socle.web import page, redirect

router = APIRouter()


# One form for a page, a question or a part: what it holds is said by the model.


def _formulaire(
    atelier: Atelier,
    chantier: Chantier,
    ici: str,
    url: str,
    entrees: Sequence[Entree],
    objet: Mapping[str, Any],
    *,
    saisie: Mapping[str, Any] | None = None,
    erreurs: Mapping[str, str] | None = None,
    conflit: ConflitError | None = None,
    **more: Any,
) -> Response:
    fautes = verifier_contenu(chantier.contenu)[1]
    here = [f for f in fautes if place_of(chantier, f).split("#")[0] == url]
    faults = {f.cible: f.phrase for f in here} | dict(erreurs or {})
    ids = {one.nom for one in entrees}
    valeurs = dict(saisie if saisie is not None else vers_saisie(entrees, objet))
    context = {
        **common(atelier.ctx, chantier, fautes, ici),
        "action_url": url,
        "entrees": entrees,
        "valeurs": valeurs,
        "vides": range(RANGEES_LIBRES),
        "erreur_de": faults,
        "erreurs_formulaire": [
            Erreur(cible if cible in ids else entrees[0].nom if entrees else "retour", phrase)
            for cible, phrase in faults.items()
        ],
        "conflit": conflit,
        "enregistrees": vers_saisie(entrees, objet) if conflit else {},
        "champ": None,
        "pages_possibles": [],
        "regles": _regles(chantier, url, fautes),
        **more,
    }
    refused = bool(erreurs) or conflit is not None
    return page(
        atelier.ctx,
        "demarches/edition/formulaire.html",
        block="formulaire",
        status=409 if conflit else 422 if refused else 200,
        **context,
    )


def _regles(chantier: Chantier, url: str, fautes: Sequence[Faute]) -> list[dict[str, Any]]:
    """The rules that belong to what is edited there, as sentences."""
    base, contenu = base_of(chantier), chantier.contenu
    told: dict[str, list[str]] = {}
    for faute in fautes:
        told.setdefault(faute.regle, []).append(faute.phrase)
    kind, _, nom = url.removeprefix(f"{base}/").partition("/")
    if kind == "champs":
        type_ = str(gestes.champ_de(contenu, nom).get("type"))
        kinds = regles_du_type(type_) if type_ in edition.TYPES_DE_CHAMP else ("si",)
        return cartes(contenu, f"champs.{nom}.", kinds, told, base)
    if kind == "pages":
        found = cartes(contenu, f"pages.{nom}.", ("si", "controles"), told, base)
        for section in gestes.page_de(contenu, nom).get("sections") or ():
            prefix = f"pages.{nom}.sections.{section.get('id')}."
            for card in cartes(contenu, prefix, ("si",), told, base):
                found.append({**card, "titre": f"Quand « {section.get('titre')} » se montre"})
        return found
    if contenu.get("genre") == "fiche":
        return []
    general = {"autres": ("eligibilite", "prix", "routage"), "conservation": ("durees",)}
    return cartes(contenu, "", general.get(nom, ()), told, base)


@router.get(f"{RACINE}/{{chantier_id}}/parties/{{partie}}")
async def show_partie(ctx: ContexteDep, chantier_id: UUID, partie: str) -> Response:
    """A part of the definition: texts, legal data, model of decision, retention."""
    async with edition.open_chantier(ctx, chantier_id) as (atelier, chantier):
        return _formulaire(atelier, chantier, *_partie(chantier, partie))


def _partie(chantier: Chantier, partie: str) -> tuple[str, str, list[Entree], Mapping[str, Any]]:
    genre = str(chantier.contenu.get("genre", "teleservice"))
    if partie not in parties(genre):
        raise NotFoundError("Cette partie n’existe pas dans ce genre de démarche.")
    url = f"{base_of(chantier)}/parties/{partie}"
    return NOMS_PARTIES[partie], url, entrees_partie(genre, partie), chantier.contenu


@router.post(f"{RACINE}/{{chantier_id}}/parties/{{partie}}")
async def save_partie(ctx: ContexteDep, form: FormulaireDep, chantier_id: UUID, partie: str) -> Response:
    """Keeps a part; what is wrong is kept too, and said beside its input."""
    async with edition.open_chantier(ctx, chantier_id, lock=True) as (atelier, chantier):
        parts = _partie(chantier, partie)
        noms = parties(str(chantier.contenu.get("genre", "teleservice")))[partie]

        def faire(values: gestes.Brut) -> Any:
            return lambda contenu: gestes.changer_partie(contenu, values)

        return await _save(atelier, chantier, form, parts, ("partie", *noms), faire)


@router.get(f"{RACINE}/{{chantier_id}}/pages/{{page_id}}")
async def show_page(ctx: ContexteDep, chantier_id: UUID, page_id: str) -> Response:
    """A page of the form: its title, its introduction, its condition."""
    async with edition.open_chantier(ctx, chantier_id) as (atelier, chantier):
        return _formulaire(atelier, chantier, *_page(chantier, page_id))


def _page(chantier: Chantier, page_id: str) -> tuple[str, str, list[Entree], Mapping[str, Any]]:
    found = gestes.page_de(chantier.contenu, page_id)
    url = f"{base_of(chantier)}/pages/{page_id}"
    return f"Page « {found.get('titre') or page_id} »", url, entrees_page(), found


@router.post(f"{RACINE}/{{chantier_id}}/pages/{{page_id}}")
async def save_page(ctx: ContexteDep, form: FormulaireDep, chantier_id: UUID, page_id: str) -> Response:
    """Keeps what a page says of itself."""
    async with edition.open_chantier(ctx, chantier_id, lock=True) as (atelier, chantier):
        return await _save(
            atelier,
            chantier,
            form,
            _page(chantier, page_id),
            ("page", page_id),
            lambda values: lambda contenu: gestes.changer_page(contenu, page_id, values),
        )


@router.get(f"{RACINE}/{{chantier_id}}/champs/{{champ_id}}")
async def show_champ(ctx: ContexteDep, chantier_id: UUID, champ_id: str) -> Response:
    """A question, with the attributes that its type takes and no other."""
    async with edition.open_chantier(ctx, chantier_id) as (atelier, chantier):
        parts, more = _champ(chantier, champ_id)
        return _formulaire(atelier, chantier, *parts, **more)


def _champ(
    chantier: Chantier, champ_id: str, type_: str = ""
) -> tuple[tuple[str, str, list[Entree], Mapping[str, Any]], dict[str, Any]]:
    found = gestes.champ_de(chantier.contenu, champ_id)
    present = type_ if type_ in edition.TYPES_DE_CHAMP else str(found.get("type"))
    url = f"{base_of(chantier)}/champs/{champ_id}"
    ici = f"Question « {found.get('libelle') or champ_id} »"
    page_id = str(gestes.page_du_champ(chantier.contenu, champ_id).get("id"))
    more = {
        "champ": {"id": champ_id, "type": present, "page": page_id},
        "types": [Option(one, type_de(one)) for one in types_offered()],
        "pages_possibles": [
            Option(str(p.get("id")), str(p.get("titre") or p.get("id")))
            for p in gestes.pages(chantier.contenu)
        ],
    }
    return (ici, url, entrees_champ(present), found), more


@router.post(f"{RACINE}/{{chantier_id}}/champs/{{champ_id}}")
async def save_champ(ctx: ContexteDep, form: FormulaireDep, chantier_id: UUID, champ_id: str) -> Response:
    """Keeps a question: its attributes, its type, the page on which it stands."""
    async with edition.open_chantier(ctx, chantier_id, lock=True) as (atelier, chantier):
        type_, page_id = str(form.get("type", "")), str(form.get("page", ""))
        parts, more = _champ(chantier, champ_id, type_)
        if form.get("action") == "type":
            # Another type has other attributes: they are shown, nothing is kept yet.
            typed = retaper(parts[2], brut_of(form))
            return _formulaire(atelier, chantier, *parts, saisie=typed, **more)
        former = gestes.champ_de(chantier.contenu, champ_id)
        # What the new type does not understand goes with the former type.
        dropped = dict.fromkeys(former.keys() - {"id", "type", *regles_du_type(more["champ"]["type"])})

        def faire(values: gestes.Brut) -> Any:
            def step(contenu: gestes.Brut) -> gestes.Brut:
                new = gestes.changer_champ(
                    contenu, champ_id, {**dropped, **values, "type": more["champ"]["type"]}
                )
                stays = gestes.page_du_champ(new, champ_id).get("id") == page_id
                return new if stays or not page_id else gestes.changer_de_page(new, champ_id, page_id)

            return step

        return await _save(atelier, chantier, form, parts, ("champ", champ_id), faire, **more)


async def _save(
    atelier: Atelier,
    chantier: Chantier,
    form: FormData,
    parts: tuple[str, str, list[Entree], Mapping[str, Any]],
    cible: tuple[str, ...],
    faire: Any,
    **more: Any,
) -> Response:
    ici, url, entrees, objet = parts
    brut = brut_of(form)
    try:
        values = depuis_saisie(entrees, brut)
    except TexteIllisibleError as refusal:
        typed = retaper(entrees, brut)
        return _formulaire(
            atelier,
            chantier,
            ici,
            url,
            entrees,
            objet,
            saisie=typed,
            erreurs={refusal.nom: refusal.phrase},
            **more,
        )
    try:
        await edition.change(atelier, chantier, revision_of(form), cible, faire(values), f"{ici} modifiée")
    except ConflitError as conflit:
        return _formulaire(
            atelier,
            chantier,
            ici,
            url,
            entrees,
            objet,
            saisie=retaper(entrees, brut),
            conflit=conflit,
            **more,
        )
    rule = str(form.get("action", "")).partition("regle ")[2]
    if re.fullmatch(r"[a-z0-9_.-]+", rule):
        return redirect(atelier.ctx, f"{base_of(chantier)}/regles/{rule}")
    fautes = [f for f in verifier_contenu(chantier.contenu)[1] if place_of(chantier, f).split("#")[0] == url]
    retour = base_of(chantier) if cible[0] in ("champ", "page") and not fautes else url
    ancre = f"#{cible[0]}-{cible[1]}" if retour != url else ""
    return redirect(atelier.ctx, f"{retour}?fait=enregistre{ancre}")
