"""The editor of démarches: what is in progress, its pages and questions, one form for each; works without script.

The same pages serve the OPSN's console (shared démarches) and the desk (those of a collectivité, by its
administrators). A form carries the revision that its reader saw: somebody else's change is shown, never overwritten.
"""

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
    vers_saisie,
)
from app.demarches.edition.fautes import Faute, verifier_contenu
from app.demarches.edition.libelles import NOMS_PARTIES, TYPES, type_de
from app.demarches.models import Chantier
from app.demarches.service import edition
from app.demarches.service.edition import Atelier, ConflitError
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep
from app.socle.errors import InvalidInputError, NotFoundError
from app.socle.ids import new_token
from app.socle.vues import Erreur, Lien, Option
from app.socle.web import once, page, redirect

router = APIRouter()
RACINE = "/demarches/chantiers"
FAITS = {
    "ouvert": "Chantier ouvert : rien n’est visible des habitants avant la publication.",
    "enregistre": "Enregistré. Rien n’est encore publié.",
    "annule": "Dernière étape annulée.",
    "retabli": "Étape rétablie.",
    "retire": "Retiré. « Annuler » le fait revenir.",
    "importe": "Fichier importé : relisez, faites un essai, puis publiez.",
    "essai": "Essai automatique enregistré : il sera rejoué avant chaque publication.",
}
GESTES = {
    "monter_page": "Page montée",
    "descendre_page": "Page descendue",
    "retirer_page": "Page retirée",
    "monter_champ": "Question montée",
    "descendre_champ": "Question descendue",
    "retirer_champ": "Question retirée",
}


def base_of(chantier: Chantier) -> str:
    """The address of a work in progress."""
    return f"{RACINE}/{chantier.id}"


def place_of(chantier: Chantier, faute: Faute) -> str:
    """The page, and the input, where a fault is put right."""
    base, ancre = base_of(chantier), f"#{faute.cible}" if faute.cible else ""
    if faute.champ_id:
        return f"{base}/champs/{faute.champ_id}{ancre}"
    if faute.page_id:
        return f"{base}/pages/{faute.page_id}{ancre}" if faute.cible else f"{base}#page-{faute.page_id}"
    return base if faute.partie == "pages" else f"{base}/parties/{faute.partie}{ancre}"


def common(ctx: Contexte, chantier: Chantier, fautes: Sequence[Faute], ici: str = "") -> dict[str, Any]:
    """What every page of a work in progress shows around its own part."""
    titre = str(chantier.contenu.get("titre") or "Sans titre")
    genre = str(chantier.contenu.get("genre", "teleservice"))
    base = base_of(chantier)
    tabs = [("Formulaire", base)] if genre == "teleservice" else []
    tabs += [(NOMS_PARTIES[cle], f"{base}/parties/{cle}") for cle in parties(genre)]
    fil = [Lien("Démarches", "/demarches"), Lien(titre, base if ici else "")]
    return {
        "chantier": {
            "titre": titre,
            "base": base,
            "slug": chantier.slug,
            "revision": chantier.revision,
            "annulable": bool(chantier.annuler),
            "retablissable": bool(chantier.refaire),
            "modifie_le": chantier.modifie_le,
            "modifie_par": chantier.modifie_par,
            "teleservice": genre == "teleservice",
        },
        "fil": [*fil, Lien(ici, "")] if ici else fil,
        "onglets": [Lien(nom, url, url == ctx.request.url.path) for nom, url in tabs],
        "fautes": [{"phrase": f.phrase, "lieu": f.lieu, "url": place_of(chantier, f)} for f in fautes],
        "message": FAITS.get(ctx.request.query_params.get("fait", ""), ""),
        "cle_idempotence": new_token(),
    }


@router.get(f"{RACINE}/{{chantier_id}}")
async def show(ctx: ContexteDep, chantier_id: UUID) -> Response:
    """The whole form at a glance: pages, questions, what is wrong, and what can be done."""
    async with edition.open_chantier(ctx, chantier_id) as (atelier, chantier):
        fautes = verifier_contenu(chantier.contenu)[1]
        return await _show(atelier, chantier, fautes)


async def _show(
    atelier: Atelier, chantier: Chantier, fautes: Sequence[Faute], erreurs: Sequence[Erreur] = ()
) -> Response:
    rangee = gestes.pages(chantier.contenu)
    histoire = await edition.history(atelier, chantier)
    return page(
        atelier.ctx,
        "demarches/edition/chantier.html",
        status=422 if erreurs else 200,
        **common(atelier.ctx, chantier, fautes),
        erreurs_formulaire=erreurs,
        pages=[
            {
                "id": str(p.get("id")),
                "titre": str(p.get("titre") or "Sans titre"),
                "condition": p.get("si") is not None,
                "premiere": n == 0,
                "derniere": n == len(rangee) - 1,
                "champs": [_ligne(champ) for champ in gestes.champs(p)],
                "fautes": [f.phrase for f in fautes if f.page_id == p.get("id") and not f.champ_id],
            }
            for n, p in enumerate(rangee)
        ],
        types=[Option(type_, TYPES.get(type_, type_)) for type_ in types_offered()],
        histoire=histoire,
    )


def types_offered() -> list[str]:
    """Every type of question, by its French name."""
    return sorted(edition.TYPES_DE_CHAMP, key=lambda type_: type_de(type_))


def _ligne(champ: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(champ.get("id")),
        "libelle": str(champ.get("libelle") or "Sans intitulé"),
        "type": type_de(str(champ.get("type"))),
        "obligatoire": champ.get("obligatoire") is True,
        "condition": champ.get("si") is not None,
    }


def revision_of(form: FormData) -> int:
    """The revision that the sender was looking at."""
    try:
        return int(str(form.get("revision", "")))
    except ValueError:
        raise InvalidInputError("Ce formulaire est incomplet : rechargez la page et recommencez.") from None


@router.post(f"{RACINE}/{{chantier_id}}/gestes")
async def act(ctx: ContexteDep, form: FormulaireDep, chantier_id: UUID) -> Response:
    """One step on the whole form: move, remove, duplicate, add, undo, redo; then back to where it happened."""
    geste, cible = str(form.get("geste", "")), str(form.get("cible", ""))
    here = f"{RACINE}/{chantier_id}"
    if suite := await once(ctx, form, here):
        return redirect(ctx, suite)
    async with edition.open_chantier(ctx, chantier_id, lock=True) as (atelier, chantier):
        vue = revision_of(form)
        if geste in ("annuler", "refaire"):
            await edition.undo(atelier, chantier, vue, refaire=geste == "refaire")
            return redirect(ctx, f"{here}?fait={'retabli' if geste == 'refaire' else 'annule'}")
        if geste in gestes.SIMPLES:
            faire = gestes.SIMPLES[geste]
            kind = "page" if geste.endswith("page") else "champ"
            await edition.change(
                atelier,
                chantier,
                vue,
                (kind, cible),
                lambda c: faire(c, cible),
                f"{GESTES[geste]} : {cible}",
            )
            fait = "?fait=retire" if geste.startswith("retirer") else ""
            ancre = "" if fait else f"#{kind}-{cible}"
            return redirect(ctx, f"{here}{fait}{ancre}")
        return redirect(ctx, await _ajouter(atelier, chantier, form, geste, cible))


async def _ajouter(atelier: Atelier, chantier: Chantier, form: FormData, geste: str, cible: str) -> str:
    """Adds or duplicates, and tells where what was made is changed."""
    reserved = await edition.reserved_ids(atelier, chantier.slug)
    titre, base = str(form.get("titre", ""))[:200], base_of(chantier)
    made: list[str] = []

    def faire(contenu: gestes.Brut) -> gestes.Brut:
        if geste == "ajouter_page":
            new, made_id = gestes.ajouter_page(contenu, titre)
        elif geste == "ajouter_champ":
            type_ = str(form.get("type", ""))
            if type_ not in edition.TYPES_DE_CHAMP:
                raise InvalidInputError("Choisissez un type de question dans la liste.")
            new, made_id = gestes.ajouter_champ(contenu, cible, type_, titre, reserved)
        elif geste == "dupliquer_page":
            new, made_id = gestes.dupliquer_page(contenu, cible, reserved)
        elif geste == "dupliquer_champ":
            new, made_id = gestes.dupliquer_champ(contenu, cible, reserved)
        else:
            raise NotFoundError("Ce geste n’existe pas.")
        made.append(made_id)
        return new

    words = {"ajouter_page": "Page ajoutée", "ajouter_champ": "Question ajoutée"}
    phrase = f"{words.get(geste, 'Copie faite')} : {titre or cible}"
    await edition.change(atelier, chantier, revision_of(form), ("ajout",), faire, phrase)
    if geste == "ajouter_champ" or geste == "dupliquer_champ":
        return f"{base}/champs/{made[0]}"
    return f"{base}#page-{made[0]}"


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


def brut_of(form: FormData) -> dict[str, list[str]]:
    """What was typed, by input."""
    brut: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        brut.setdefault(name, []).append(str(value))
    return brut


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
        dropped = dict.fromkeys(former.keys() - {"id", "type"})

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
    fautes = [f for f in verifier_contenu(chantier.contenu)[1] if place_of(chantier, f).split("#")[0] == url]
    retour = base_of(chantier) if cible[0] in ("champ", "page") and not fautes else url
    ancre = f"#{cible[0]}-{cible[1]}" if retour != url else ""
    return redirect(atelier.ctx, f"{retour}?fait=enregistre{ancre}")


def retaper(entrees: Sequence[Entree], brut: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What was typed, shown again as it was."""
    shown: dict[str, Any] = {}
    for one in entrees:
        typed = list(brut.get(one.nom, ()))
        if one.genre == "case":
            shown[one.nom] = "oui" in typed
        elif one.genre == "cases":
            shown[one.nom] = typed
        elif one.genre == "rangees":
            rows, number = [], 0
            while any(f"{one.nom}.{number}.{c.nom}" in brut for c in one.colonnes):
                rows.append(
                    {c.nom: (brut.get(f"{one.nom}.{number}.{c.nom}") or [""])[0] for c in one.colonnes}
                )
                number += 1
            shown[one.nom] = [row for row in rows if any(row.values())]
        else:
            shown[one.nom] = typed[0] if typed else ""
    return shown
