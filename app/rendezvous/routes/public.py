"""Choosing a rendez-vous: motif, party, lieu, then a créneau, by plain links and buttons that need no script."""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.exc import DBAPIError
from starlette.responses import Response

from app.rendezvous import presentation
from app.rendezvous.presentation import Recherche
from app.rendezvous.repository import public as repository
from app.rendezvous.service import deplacement, prise, recherche
from app.rendezvous.service.annonces import MODES
from app.rendezvous.service.liens import chemin_of, cle_of, open_lien
from app.rendezvous.service.prise import Souhait
from app.rendezvous.service.recherche import Offert, Offre
from app.rendezvous.service.reservation import CreneauPrisError
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep, Visite, VisiteDep, open_contexte
from app.socle.errors import BusinessError
from app.socle.ids import uuid7
from app.socle.langues import N_
from app.socle.tenancy import Perimetre
from app.socle.vues import Lien, Option
from app.socle.web import coordonnees_of, once, page, page_publique, redirect

router = APIRouter()
Mot = Annotated[str, Query(max_length=200)]
# Two transactions that free and take the same two agents may wait for each other: PostgreSQL ends one, we try again.
ESSAIS = 5
INTERBLOCAGE = "40P01"


def fil(*liens: Lien) -> list[Lien]:
    """The way back from a page of a rendez-vous."""
    return [Lien(N_("Rendez-vous"), "/rendez-vous"), *liens]


async def list_offerts(visit: Visite) -> list[Any]:
    """The motifs that residents may book here, in a transaction of its own: no session is looked up."""
    id_ = visit.collectivite.id
    async with visit.noyau.db.session(Perimetre(lecture=(id_,))) as session:
        return await repository.list_en_ligne(session, id_)


@router.get("/rendez-vous")
async def list_motifs(visit: VisiteDep) -> Response:
    """Everything that one may come for."""
    motifs = await list_offerts(visit)
    return page_publique(
        visit,
        "rendezvous/public/motifs.html",
        motifs=[
            {
                "nom": motif.nom,
                "url": f"/rendez-vous/motifs/{motif.id}",
                "minutes": motif.duree_premiere,
                "modes": [option.libelle for option in presentation.modes_of(motif, visit.langue)],
            }
            for motif in motifs
        ],
        coordonnees=coordonnees_of(visit.collectivite.coordonnees),
    )


@router.get("/rendez-vous/motifs/{motif_id}")
async def show_motif(
    ctx: ContexteDep, motif_id: UUID, personnes: Mot = "1", lieu: Mot = "", mode: Mot = "", cle: Mot = ""
) -> Response:
    """One motif: how long, for how many, what to bring, where and how."""
    offert = await recherche.get_offert(ctx.db, ctx.collectivite.id, motif_id)
    motif = offert.motif
    return page(
        ctx,
        "rendezvous/public/motif.html",
        block="contenu",
        fil=fil(),
        motif=motif.nom,
        consignes=[line for line in motif.consignes.splitlines() if line.strip()],
        durees=[(number, offert.minutes(number)) for number in range(1, min(motif.personnes_max, 4) + 1)],
        predemande=motif.predemande,
        personnes_max=motif.personnes_max,
        personnes=personnes,
        nombres=[Option(str(n), str(n)) for n in range(1, motif.personnes_max + 1)],
        lieux=_lieux(ctx, offert),
        lieu=lieu if lieu in {str(id_) for id_ in offert.lieux} else "",
        modes=presentation.modes_of(motif, ctx.langue),
        mode=mode or motif.modes[0],
        cle=cle,
        action_url=f"/rendez-vous/motifs/{motif_id}/creneaux",
    )


def _lieux(ctx: Contexte, offert: Offert) -> list[Option]:
    if len(offert.lieux) < 2:
        return []
    everywhere = Option("", ctx.traduire(N_("Le premier disponible, où que ce soit")))
    return [
        everywhere,
        *(
            Option(str(lieu.id), lieu.nom, ", ".join(prise.address_lines(lieu.adresse)))
            for lieu in offert.lieux.values()
        ),
    ]


@router.get("/rendez-vous/motifs/{motif_id}/creneaux")
async def show_creneaux(
    visit: VisiteDep,
    motif_id: UUID,
    personnes: Mot = "1",
    lieu: Mot = "",
    mode: Mot = "",
    mois: Mot = "",
    jour: Mot = "",
    cle: Mot = "",
) -> Response:
    """The créneaux of a month by day, those of one day as buttons; unless one is asked, the first that has some."""
    form = {"personnes": personnes, "lieu": lieu, "mode": mode, "cle": cle}
    async with open_contexte(visit) as ctx:
        asked = await _asked(ctx, motif_id, form)
        return await _show(ctx, asked, mois, jour)


async def _asked(ctx: Contexte, motif_id: UUID, form: Any) -> Recherche:
    offert = await recherche.get_offert(ctx.db, ctx.collectivite.id, motif_id)
    lieu = str(form.get("lieu") or "")
    return Recherche(
        offert,
        prise.read_personnes(form, offert),
        prise.read_mode(form, offert),
        lieu if lieu in {str(id_) for id_ in offert.lieux} else "",
        str(form.get("cle") or ""),
        ctx.langue,
    )


async def _find(ctx: Contexte, asked: Recherche, du: date, au: date) -> list[Offre]:
    """What is free; of a rendez-vous that is moved, its own time too."""
    lieu_id = UUID(asked.lieu) if asked.lieu else None
    if asked.cle:
        found = await open_lien(ctx, asked.cle, lock=True)
        await deplacement.check_replace(ctx, found)
        return await deplacement.find_instead(
            ctx, found, asked.offert, asked.personnes, du, au, lieu_id=lieu_id
        )
    departement = ctx.collectivite.departement
    return await recherche.find_offres(
        ctx.db, asked.offert, asked.personnes, du, au, now=ctx.now, departement=departement, lieu_id=lieu_id
    )


def _read_month(mois: str, jour: str) -> tuple[date | None, date | None]:
    """The month and the day asked for; None for what is not one."""
    try:
        day = date.fromisoformat(jour)
        return day.replace(day=1), day
    except ValueError:
        day = None
    try:
        return date.fromisoformat(f"{mois}-01"), None
    except ValueError:
        return None, None


async def _show(
    ctx: Contexte,
    asked: Recherche,
    mois: str,
    jour: str,
    *,
    pris: Souhait | None = None,
    erreur: str = "",
    status: int = 200,
) -> Response:
    today = asked.local(ctx.now)
    last = today + timedelta(days=asked.offert.motif.horizon_jours)
    month, day = _read_month(mois, jour)
    ends = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1) if month else last
    offres = await _find(ctx, asked, max(month or today, today), min(ends, last))
    if month is None and offres:
        month = asked.local(offres[0].creneau.debut).replace(day=1)
        offres = [o for o in offres if asked.local(o.creneau.debut).replace(day=1) == month]
    shown = month or today.replace(day=1)
    days = presentation.jours_of(asked, offres, day)
    if day is None and days:
        day = days[0].jour
        days = presentation.jours_of(asked, offres, day)
    nearby: list[Offre] = []
    if pris is not None:
        around = asked.local(pris.debut)
        span = timedelta(days=14)
        some = await _find(ctx, asked, max(around - span, today), min(around + span, last))
        nearby = recherche.nearest(some, pris.debut)
    return page(
        ctx,
        "rendezvous/public/creneaux.html",
        block="creneaux",
        status=status,
        fil=fil(Lien(asked.offert.motif.nom, asked.base)),
        asked=asked,
        motif=asked.offert.motif.nom,
        duree=asked.offert.minutes(asked.personnes),
        mode_libelle=MODES[asked.mode],
        lieu_nom=asked.offert.lieux[UUID(asked.lieu)].nom if asked.lieu else "",
        mois=presentation.mois_of(asked, shown, today.replace(day=1), last),
        jours=days,
        jour=presentation.jour_long(day, ctx.langue) if day else "",
        boutons=presentation.boutons_of(asked, [o for o in offres if asked.local(o.creneau.debut) == day]),
        proches=presentation.boutons_of(asked, nearby, jour=True),
        erreur=erreur,
        deplacer=bool(asked.cle),
        cle_idempotence=str(uuid7()),
        coordonnees=coordonnees_of(ctx.collectivite.coordonnees),
    )


@router.post("/rendez-vous/motifs/{motif_id}/creneaux")
async def choose(visit: VisiteDep, form: FormulaireDep, motif_id: UUID) -> Response:
    """Holds the créneau chosen, or moves a rendez-vous to it; when somebody came first, shows the nearest others."""
    for turn in range(ESSAIS):
        try:
            async with open_contexte(visit) as ctx:
                return await _choose(ctx, form, motif_id)
        except CreneauPrisError as refusal:
            return await _show_others(visit, form, motif_id, refusal)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") != INTERBLOCAGE or turn == ESSAIS - 1:
                raise
    raise AssertionError("the last turn answers")


async def _choose(ctx: Contexte, form: Any, motif_id: UUID) -> Response:
    made = uuid7()
    cle = str(form.get("cle") or "")
    led = await once(ctx, form, str(made))
    if led and not cle:
        return redirect(ctx, _hold_url(ctx, UUID(led)))
    offert = await recherche.get_offert(ctx.db, ctx.collectivite.id, motif_id)
    if cle:
        if led or await deplacement.move(ctx, cle, offert, prise.read_souhait(form, offert), made):
            found = await open_lien(ctx, cle)
            here = f"{chemin_of(ctx.noyau, found.origine)}&fait=deplace"
            return redirect(ctx, here if found.etat == "confirme" else hold_url(cle))
        return redirect(ctx, hold_url(cle))
    await prise.begin(ctx, offert, prise.read_souhait(form, offert), made)
    response = redirect(ctx, _hold_url(ctx, made))
    ctx.set_cookie(response, prise.TEMOIN, cle_of(ctx.noyau, made))
    return response


def hold_url(cle: str) -> str:
    """The page of a hold."""
    return f"/rendez-vous/retenue?cle={cle}"


def _hold_url(ctx: Contexte, rendezvous_id: UUID) -> str:
    return hold_url(cle_of(ctx.noyau, rendezvous_id))


async def _show_others(visit: Visite, form: Any, motif_id: UUID, refusal: BusinessError) -> Response:
    async with open_contexte(visit) as ctx:
        asked = await _asked(ctx, motif_id, form)
        return await show_others(ctx, asked, prise.read_souhait(form, asked.offert), refusal)


async def show_others(ctx: Contexte, asked: Recherche, souhait: Souhait, refusal: BusinessError) -> Response:
    """The page of créneaux with what was refused, and the nearest that are free."""
    day = asked.local(souhait.debut)
    # Not the day that was asked when it is over: what is shown can be chosen.
    month = day.isoformat() if day >= asked.local(ctx.now) else ""
    return await _show(ctx, asked, "", month, pris=souhait, erreur=refusal.message, status=409)
