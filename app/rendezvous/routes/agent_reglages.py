"""Settings of the rendez-vous on the desk: one page that shows them all, one form for each kind of thing."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from app.rendezvous import presentation_reglages as vues
from app.rendezvous.domain import saisie_reglages as saisie
from app.rendezvous.domain.repetitions import heure_courte, phrase_of
from app.rendezvous.domain.saisie_reglages import Lu
from app.rendezvous.presentation import heure_de, jour_long
from app.rendezvous.presentation_agent import nom_of
from app.rendezvous.presentation_reglages import Vue
from app.rendezvous.repository import reglages as repository
from app.rendezvous.routes.agent import RACINE
from app.rendezvous.service import planning
from app.rendezvous.service import reglages as service
from app.rendezvous.service.reglages import Place, Reglages
from app.socle.calendrier import afficher_date
from app.socle.contexte import AgentDep, Contexte, FormulaireDep
from app.socle.ids import new_token
from app.socle.langues import N_
from app.socle.vues import Champ, Erreur, Lien
from app.socle.web import once, page, redirect

router = APIRouter()
Genre = Literal["lieu", "ressource", "motif", "plage", "fermeture", "absence"]
FAITS = {
    "enregistre": N_("C’est enregistré : les créneaux proposés ont déjà changé."),
    "retire": N_("C’est retiré : les créneaux proposés ont déjà changé."),
    "archive": N_("Des rendez-vous en dépendent : ce n’est plus proposé, mais ils tiennent toujours."),
}
_ALSACE_MOSELLE = ("57", "67", "68")


@router.get("/rendez-vous/reglages")
async def choose(ctx: AgentDep) -> Response:
    """The collectivité that the agent serves, or the choice among several."""
    served = await repository.list_collectivites(ctx.db, planning.communes_of(ctx))
    if len(served) == 1:
        return redirect(ctx, f"{RACINE}/reglages/{served[0][0]}")
    choices = [Lien(nom, f"{RACINE}/reglages/{slug}") for slug, nom in served]
    return page(ctx, "rendezvous/agent/communes.html", fil=[Lien(N_("Rendez-vous"), RACINE)], choix=choices)


@router.get("/rendez-vous/reglages/{slug}")
async def show_all(ctx: AgentDep, slug: str) -> Response:
    """Everything that is set there; links to change it for administrators."""
    place = await service.access(ctx, slug)
    found = await service.load(ctx, place)
    named: list[Any] = [*found.lieux, *found.ressources, *found.motifs]
    names = {row.id: row.nom for row in named}
    occupants = {row.occupant_id: row.nom for row in found.ressources}
    t = ctx.traduire
    fait = FAITS.get(ctx.request.query_params.get("fait", ""), "")
    rows: dict[str, tuple[str, list[tuple[Any, str, str]]]] = {
        "lieu": (N_("Lieux"), [(x, x.nom, _adresse(x.adresse)) for x in found.lieux]),
        "ressource": (
            N_("Qui et quoi reçoit"),
            [(x, x.nom, t(vues.GENRES[x.genre])) for x in found.ressources],
        ),
        "motif": (N_("Motifs"), [(x, x.nom, _motif(ctx, x, found, names)) for x in found.motifs]),
        "plage": (
            N_("Heures d’ouverture"),
            [(x, names.get(x.ressource_id, "?"), _plage(x, names)) for x in found.plages],
        ),
        "fermeture": (
            N_("Ponts et fermetures"),
            [(x, x.libelle or t(N_("Fermeture")), _jours(x)) for x in found.fermetures],
        ),
        "absence": (
            N_("Absences"),
            [(x, occupants.get(x.occupant_id, "?"), _absence(ctx, x, place)) for x in found.absences],
        ),
    }
    sections = [_section(genre, titre, lignes) for genre, (titre, lignes) in rows.items()]
    return page(
        ctx,
        "rendezvous/agent/reglages.html",
        fil=[Lien(N_("Rendez-vous"), RACINE)],
        commune=place.collectivite.nom,
        base=f"{RACINE}/reglages/{slug}",
        administre=place.administre,
        fait=t(fait) if fait else "",
        sections=sections,
        vacances=vues.vacances_note(place.collectivite.departement, t),
        vendredi_saint=found.vendredi_saint if place.collectivite.departement in _ALSACE_MOSELLE else None,
        cle_idempotence=new_token(),
    )


def _section(genre: str, titre: str, rows: list[tuple[Any, str, str]]) -> dict[str, Any]:
    lignes = [
        {"id": row.id, "nom": nom, "detail": detail, "actif": getattr(row, "actif", True)}
        for row, nom, detail in rows
    ]
    return {"genre": genre, "titre": titre, "ajouter": vues.TITRES[genre][0], "lignes": lignes}


def _adresse(adresse: Mapping[str, Any]) -> str:
    return " ".join(str(adresse.get(part) or "") for part in ("ligne", "code_postal", "commune")).strip()


def _motif(ctx: Contexte, motif: Any, found: Reglages, names: Mapping[UUID, str]) -> str:
    rangs: dict[int, list[str]] = {}
    for besoin in found.besoins:
        if besoin.motif_id == motif.id:
            rangs.setdefault(besoin.rang, []).append(names.get(besoin.ressource_id, "?"))
    needs = " + ".join(" / ".join(rang) for _, rang in sorted(rangs.items()))
    more = f", +{motif.duree_suivante}" if motif.duree_suivante and motif.personnes_max > 1 else ""
    shown = "" if motif.en_ligne else f" · {ctx.traduire(N_('pas en ligne'))}"
    return f"{motif.duree_premiere}{more} min · {needs}{shown}"


def _plage(plage: Any, names: Mapping[UUID, str]) -> str:
    hours = f"{heure_courte(plage.heure_debut)} – {heure_courte(plage.heure_fin)}"
    when = phrase_of(plage.regle)
    if not plage.regle:
        when = afficher_date(plage.du)
    holidays = {"hors": ", hors vacances scolaires", "pendant": ", pendant les vacances scolaires"}.get(
        plage.vacances, ""
    )
    end = f", jusqu’au {afficher_date(plage.au)}" if plage.au else ""
    only = f" ({', '.join(names.get(m, '?') for m in plage.motifs)})" if plage.motifs else ""
    return f"{when}, {hours}{holidays}{end} · {names.get(plage.lieu_id, '?')}{only}"


def _jours(row: Any) -> str:
    return afficher_date(row.du) if row.du == row.au else f"{afficher_date(row.du)} – {afficher_date(row.au)}"


def _absence(ctx: Contexte, row: Any, place: Place) -> str:
    start, end = row.debut.astimezone(place.zone), row.fin.astimezone(place.zone)
    hours = (heure_de(row.debut, place.zone, ctx.langue), heure_de(row.fin, place.zone, ctx.langue))
    whole = (start.hour, start.minute, end.hour, end.minute) == (0, 0, 23, 59)
    first, last = afficher_date(start.date()), afficher_date(end.date())
    if start.date() == end.date():
        when = first if whole else f"{first}, {hours[0]} – {hours[1]}"
    else:
        when = f"{first} – {last}" if whole else f"{first}, {hours[0]} – {last}, {hours[1]}"
    return f"{when}{' · ' + row.libelle if row.libelle else ''}"


@router.post("/rendez-vous/reglages/{slug}/calendrier")
async def set_calendar(ctx: AgentDep, form: FormulaireDep, slug: str) -> Response:
    """Whether Good Friday is a holiday there."""
    place = await service.administer(ctx, slug, "calendrier")
    suite = f"{RACINE}/reglages/{slug}?fait=enregistre"
    if not await once(ctx, form, suite):
        await service.set_vendredi_saint(ctx, place, form.get("vendredi_saint") == "oui")
    return redirect(ctx, suite)


@router.get("/rendez-vous/reglages/{slug}/{genre}/nouveau")
async def ask_new(ctx: AgentDep, slug: str, genre: Genre) -> Response:
    """An empty form."""
    return await _form(ctx, await service.administer(ctx, slug, genre), genre, None)


@router.get("/rendez-vous/reglages/{slug}/{genre}/{objet_id}")
async def ask_change(ctx: AgentDep, slug: str, genre: Genre, objet_id: UUID) -> Response:
    """What is stored, to be changed."""
    return await _form(ctx, await service.administer(ctx, slug, genre), genre, objet_id)


async def _form(
    ctx: Contexte,
    place: Place,
    genre: Genre,
    id_: UUID | None,
    form: FormData | None = None,
    lu: Lu | None = None,
) -> Response:
    found = await service.load(ctx, place)
    row = service.find(found, genre, id_) if id_ else None
    erreurs = lu.erreurs if lu else {}
    slug = place.collectivite.slug
    base = f"{RACINE}/reglages/{slug}/{genre}"
    titre = vues.TITRES[genre][0 if row is None else 1]
    fait = FAITS.get(ctx.request.query_params.get("fait", ""), "")
    return page(
        ctx,
        "rendezvous/agent/reglage.html",
        status=422 if erreurs else 200,
        fil=[Lien(N_("Rendez-vous"), RACINE), Lien(place.collectivite.nom, f"{RACINE}/reglages/{slug}")],
        titre=ctx.traduire(titre),
        champs=await _champs(ctx, place, genre, found, Vue(ctx.traduire, row, form, erreurs)),
        action_url=f"{base}/{id_}" if id_ else f"{base}/nouveau",
        retirer_url=f"{base}/{id_}/retirer" if id_ else "",
        retirer_aide=await _warning(ctx, genre, id_),
        concernes=[_concerne(ctx, x) for x in await _concerned(ctx, genre, row)],
        erreurs_formulaire=[Erreur(name, phrase) for name, phrase in erreurs.items()],
        fait=ctx.traduire(fait) if fait and not erreurs else "",
        cle_idempotence=new_token(),
    )


async def _champs(ctx: Contexte, place: Place, genre: Genre, found: Reglages, vue: Vue) -> list[Champ]:
    if genre == "lieu":
        return vues.champs_lieu(vue)
    if genre == "ressource":
        return vues.champs_ressource(vue, await service.list_agents(ctx, place))
    if genre == "motif":
        return vues.champs_motif(vue, found)
    if genre == "plage":
        today = ctx.today(place.collectivite.fuseau).isoformat()
        return vues.champs_plage(vue, found, place.collectivite.departement, today)
    if genre == "fermeture":
        return vues.champs_fermeture(vue)
    return vues.champs_absence(vue, found, place.zone, place.droit.agent_id)


async def _warning(ctx: Contexte, genre: Genre, id_: UUID | None) -> str:
    if genre != "motif" or id_ is None:
        return ""
    number = await service.count_to_come(ctx, id_)
    if not number:
        return ""
    phrase = ctx.traduire(
        N_("{n} rendez-vous à venir ont ce motif : il ne sera plus proposé, et ils tiennent.")
    )
    return phrase.format(n=number)


async def _concerned(ctx: Contexte, genre: Genre, row: Any) -> list[Any]:
    if genre != "absence" or row is None:
        return []
    return await service.list_concerned(ctx, row.occupant_id, row.debut, row.fin)


def _concerne(ctx: Contexte, row: Any) -> dict[str, Any]:
    zone = ZoneInfo(row.fuseau)
    return {
        "url": f"{RACINE}/{row.id}",
        "deplacer_url": f"{RACINE}/{row.id}/deplacer",
        "personne": nom_of(row.contact),
        "quand": f"{jour_long(row.debut.astimezone(zone).date(), ctx.langue)}, {heure_de(row.debut, zone, ctx.langue)}",
        "motif": row.motif,
        "commune": row.commune,
    }


async def _read(ctx: Contexte, place: Place, genre: Genre, form: FormData, id_: UUID | None) -> Lu:
    found = await service.load(ctx, place)
    ressources = [row.id for row in found.ressources]
    if genre == "lieu":
        return saisie.read_lieu(form)
    if genre == "ressource":
        agents = await service.list_agents(ctx, place)
        if id_ is not None:
            # An agent who has left keeps their past: the ressource may still be renamed, or put out of use.
            former = service.find(found, genre, id_)
            agents = {former.occupant_id: former.nom, **agents}
        lu = saisie.read_ressource(form, agents)
        taken = {row.occupant_id for row in found.ressources if row.id != id_}
        if lu.valeurs.get("occupant_id") in taken:
            lu.erreurs["agent"] = "Cet agent est déjà une ressource de votre collectivité."
        return lu
    if genre == "motif":
        return saisie.read_motif(form, ressources)
    if genre == "plage":
        lu = saisie.read_plage(form, [x.id for x in found.lieux], ressources, [x.id for x in found.motifs])
        await service.check_plage(ctx, place, lu)
        return lu
    if genre == "fermeture":
        return saisie.read_fermeture(form)
    return saisie.read_absence(form, [row.occupant_id for row in found.ressources], place.zone)


@router.post("/rendez-vous/reglages/{slug}/{genre}/nouveau")
async def add(ctx: AgentDep, form: FormulaireDep, slug: str, genre: Genre) -> Response:
    """Adds it, once."""
    return await _save(ctx, form, slug, genre, None)


@router.post("/rendez-vous/reglages/{slug}/{genre}/{objet_id}")
async def change(ctx: AgentDep, form: FormulaireDep, slug: str, genre: Genre, objet_id: UUID) -> Response:
    """Changes it."""
    return await _save(ctx, form, slug, genre, objet_id)


async def _save(ctx: Contexte, form: FormData, slug: str, genre: Genre, id_: UUID | None) -> Response:
    place = await service.administer(ctx, slug, genre)
    lu = await _read(ctx, place, genre, form, id_)
    if lu.erreurs:
        return await _form(ctx, place, genre, id_, form, lu)
    suite = f"{RACINE}/reglages/{slug}?fait=enregistre"
    if led := await once(ctx, form, suite):
        return redirect(ctx, led)
    saved = await service.save(ctx, place, genre, id_, lu)
    if genre == "absence" and await service.list_concerned(
        ctx, lu.valeurs["occupant_id"], lu.valeurs["debut"], lu.valeurs["fin"]
    ):
        return redirect(ctx, f"{RACINE}/reglages/{slug}/absence/{saved}?fait=enregistre")
    return redirect(ctx, suite)


@router.post("/rendez-vous/reglages/{slug}/{genre}/{objet_id}/retirer")
async def remove(ctx: AgentDep, form: FormulaireDep, slug: str, genre: Genre, objet_id: UUID) -> Response:
    """Takes it away, or out of use when rendez-vous depend on it."""
    place = await service.administer(ctx, slug, genre)
    suite = f"{RACINE}/reglages/{slug}?fait=retire"
    if led := await once(ctx, form, suite):
        return redirect(ctx, led)
    outcome = await service.remove(ctx, place, genre, objet_id)
    return redirect(ctx, f"{RACINE}/reglages/{slug}?fait={outcome}")
