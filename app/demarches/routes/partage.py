"""How the work is shared: the settings of a collectivité's desk, and what each agent chose for their own."""

from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.repository import partage as repository
from app.demarches.service import partage
from app.demarches.service.bureau import COLONNES_PAR_DEFAUT, Filtres, load_cadre
from app.socle import vues
from app.socle.contexte import AgentDep, Contexte, FormulaireDep
from app.socle.db import savepoint
from app.socle.errors import ConflictError, InvalidInputError, NotFoundError
from app.socle.hosts import list_nommees
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.permissions import droit_of
from app.socle.vues import Option
from app.socle.web import once, page, redirect

router = APIRouter()

TONS: dict[str, str] = {
    "neutre": N_("Gris"),
    "info": N_("Clair"),
    "attente": N_("Ambre"),
    "action": N_("Foncé"),
    "succes": N_("Vert"),
    "refus": N_("Rouge"),
}
COLONNES: dict[str, str] = {
    "personne": N_("Personne"),
    "commune": N_("Commune"),
    "delai": N_("Délai"),
    "agent": N_("Suivi par"),
    "etat": N_("État"),
    "groupe": N_("Groupe"),
    "canal": N_("Canal"),
    "recu": N_("Reçu le"),
    "activite": N_("Dernière activité"),
}
JOURS = (N_("lundi"), N_("mardi"), N_("mercredi"), N_("jeudi"), N_("vendredi"), N_("samedi"), N_("dimanche"))


async def _act(
    ctx: Contexte,
    form: FormData,
    suite: str,
    act: Callable[[], Awaitable[object]],
    again: Callable[[str], Awaitable[Response]],
) -> Response:
    """Does an act once and goes to `suite`; a refusal is said by the page it came from."""
    try:
        # A refusal takes back what the act wrote, and the key of the form: it may be corrected and sent again.
        async with savepoint(ctx.db):
            if not await once(ctx, form, suite):
                await act()
    except (InvalidInputError, ConflictError) as refusal:
        return await again(refusal.message)
    return redirect(ctx, suite)


def _uuid(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise NotFoundError("Cette page n’existe pas.") from None


def _uuids(form: FormData, name: str) -> list[UUID]:
    found = []
    for value in form.getlist(name):
        try:
            found.append(UUID(str(value)))
        except ValueError:
            continue
    return found


@router.get("/reglages")
async def choose_collectivite(ctx: AgentDep) -> Response:
    """The settings of the only collectivité, or the choice of one."""
    places = ctx.personne.collectivites if ctx.personne else ()
    if len(places) == 1:
        return redirect(ctx, f"/reglages/{places[0]}")
    found = sorted((await list_nommees(ctx.db, places)).values(), key=lambda c: c.nom)
    return page(
        ctx,
        "demarches/reglages_choix.html",
        fil=[vues.Lien("Bureau", "/")],
        collectivites=[vues.Lien(c.nom, f"/reglages/{c.id}") for c in found],
    )


@router.get("/reglages/{collectivite_id}")
async def show(ctx: AgentDep, collectivite_id: UUID) -> Response:
    """Labels, groups, routing and templates of a collectivité, which its administrators change and all agents read."""
    return await _show(ctx, collectivite_id)


async def _show(ctx: Contexte, collectivite_id: UUID, erreur: str = "") -> Response:
    await partage.open_settings(ctx, collectivite_id)
    nommee = (await list_nommees(ctx.db, [collectivite_id]))[collectivite_id]
    agents = await repository.list_collegues(ctx.db, [collectivite_id])
    groupes = await repository.list_groupes(ctx.db, collectivite_id)
    routage = await repository.read_routage(ctx.db, collectivite_id)
    demarches = await repository.list_demarches(ctx.db, collectivite_id)
    titres = dict(demarches)
    noms = {str(g.id): g.nom for g in groupes}
    return page(
        ctx,
        "demarches/reglages.html",
        status=422 if erreur else 200,
        fil=[vues.Lien("Bureau", "/")],
        commune=nommee.nom,
        base=f"/reglages/{collectivite_id}",
        administre=(await droit_of(ctx, collectivite_id)).role == "administrateur",
        etiquettes=await repository.list_etiquettes(ctx.db, [collectivite_id]),
        tons=[Option(nom, ctx.traduire(libelle)) for nom, libelle in TONS.items()],
        groupes=[{"id": g.id, "nom": g.nom, "membres": [str(m) for m in g.membres]} for g in groupes],
        agents=[Option(str(id_), nom) for id_, nom in agents],
        routage=[
            {"slug": slug, "titre": titre, "groupe": groupe, "nom": noms.get(groupe, "")}
            for slug, titre in demarches
            for groupe in (str(routage.get(slug, "")),)
        ],
        choix_groupes=[
            Option("", ctx.traduire(N_("Tous les agents"))),
            *(Option(str(g.id), g.nom) for g in groupes),
        ],
        demarches=[
            Option("", ctx.traduire(N_("Toutes"))),
            *(Option(slug, titre) for slug, titre in demarches),
        ],
        modeles=[
            {"id": m.id, "nom": m.nom, "texte": m.texte, "demarche": titres.get(m.slug, "")}
            for m in await repository.list_modeles(ctx.db, [collectivite_id])
        ],
        mots=" ".join(f"{{{mot}}}" for mot in partage.MOTS_DU_MODELE),
        erreurs_formulaire=[vues.Erreur("reglages", erreur)] if erreur else [],
        cle_idempotence=new_token(),
    )


@router.post("/reglages/{collectivite_id}/{quoi}")
async def change(ctx: AgentDep, form: FormulaireDep, collectivite_id: UUID, quoi: str) -> Response:
    """Adds a label, a group or a template, composes a group, sets the routing, or takes one of them out of use."""

    def given(name: str) -> str:
        return str(form.get(name, ""))

    async def act() -> None:
        if given("retirer"):
            await partage.retire(ctx, collectivite_id, _GENRES[quoi], _uuid(given("retirer")))
        elif quoi == "etiquettes":
            await partage.add_etiquette(ctx, collectivite_id, given("nom"), given("ton"))
        elif quoi == "groupes" and given("groupe"):
            await partage.set_membres(ctx, collectivite_id, _uuid(given("groupe")), _uuids(form, "membres"))
        elif quoi == "groupes":
            await partage.add_groupe(ctx, collectivite_id, given("nom"), _uuids(form, "membres"))
        elif quoi == "modeles":
            await partage.add_modele(ctx, collectivite_id, given("nom"), given("slug"), given("texte"))
        else:
            routes = {
                name.removeprefix("groupe-"): _uuid(value)
                for name, value in form.items()
                if name.startswith("groupe-") and value
            }
            await partage.set_routage(ctx, collectivite_id, routes)

    if quoi not in (*_GENRES, "routage"):
        raise NotFoundError("Cette page n’existe pas.")
    await partage.administer(ctx, collectivite_id)
    return await _act(
        ctx, form, f"/reglages/{collectivite_id}", act, lambda phrase: _show(ctx, collectivite_id, phrase)
    )


_GENRES = {"etiquettes": "etiquette", "groupes": "groupe", "modeles": "modele"}


@router.get("/affichage")
async def choose_display(ctx: AgentDep) -> Response:
    """Columns, saved views, absences and the summary by e-mail of the agent who asks."""
    return await _display(ctx, Filtres.read(dict(ctx.request.query_params)).query())


async def _display(ctx: Contexte, requete: str, erreur: str = "") -> Response:
    me = partage.agent_id_of(ctx)
    cadre = await load_cadre(ctx, ctx.today())
    preference = await repository.read_preference(ctx.db, me)
    chosen = preference.colonnes or list(COLONNES_PAR_DEFAUT)
    return page(
        ctx,
        "demarches/affichage.html",
        status=422 if erreur else 200,
        fil=[vues.Lien("Bureau", f"/?{requete}" if requete else "/")],
        requete=requete,
        colonnes=[Option(nom, ctx.traduire(libelle)) for nom, libelle in COLONNES.items()],
        choisies=chosen,
        mes_vues=[{"id": id_, "nom": nom, "url": f"/?{texte}"} for id_, nom, texte in cadre.vues],
        resumes=[
            Option("aucun", ctx.traduire(N_("Aucun résumé"))),
            Option("quotidien", ctx.traduire(N_("Un résumé chaque jour ouvré"))),
            Option("hebdomadaire", ctx.traduire(N_("Un résumé par semaine"))),
        ],
        resume=preference.resume,
        heures=[Option(str(h), f"{h} h") for h in range(24)],
        heure=str(preference.resume_heure),
        jours=[Option(str(n), ctx.traduire(jour)) for n, jour in enumerate(JOURS, 1)],
        jour=str(preference.resume_jour),
        absences=await repository.list_absences(ctx.db, me, ctx.today()),
        collegues=[Option(str(id_), nom) for id_, nom in cadre.collegues.items() if id_ != me],
        erreurs_formulaire=[vues.Erreur("affichage", erreur)] if erreur else [],
        cle_idempotence=new_token(),
    )


@router.post("/affichage/{quoi}")
async def set_display(ctx: AgentDep, form: FormulaireDep, quoi: str) -> Response:
    """Keeps the columns and the summary, saves or forgets a view, declares or cancels an absence."""
    requete = Filtres.parse(str(form.get("requete", ""))).query()

    async def act() -> None:
        if quoi == "preferences":
            await partage.save_preference(
                ctx,
                [str(c) for c in form.getlist("colonnes")],
                str(form.get("resume", "")),
                _number(form, "heure"),
                _number(form, "jour"),
            )
        elif quoi == "vues" and form.get("retirer"):
            await partage.delete_view(ctx, _uuid(form.get("retirer")))
        elif quoi == "vues":
            await partage.save_view(ctx, str(form.get("nom", "")), requete)
        elif form.get("retirer"):
            du, _, au = str(form.get("retirer")).partition("_")
            await partage.delete_absence(ctx, _day(du), _day(au))
        else:
            await partage.add_absence(
                ctx, _uuid(form.get("remplacant")), _day(form.get("du")), _day(form.get("au"))
            )

    if quoi not in ("preferences", "vues", "absences"):
        raise NotFoundError("Cette page n’existe pas.")
    suite = f"/affichage?{requete}" if requete else "/affichage"
    return await _act(ctx, form, suite, act, lambda phrase: _display(ctx, requete, phrase))


def _number(form: FormData, name: str) -> int:
    value = str(form.get(name, ""))
    return int(value) if value.isdigit() and len(value) < 3 else -1


def _day(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise InvalidInputError("Indiquez les deux dates de l’absence.") from None
