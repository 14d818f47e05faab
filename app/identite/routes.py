"""Pages of signing in and out, on every kind of host; thin."""

from typing import Annotated
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from app.identite import repository, service
from app.identite.clients import has_franceconnect
from app.identite.domain import ERREURS, ERREURS_AGENT
from app.socle.adresses import parse_email
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep, Visite, VisiteDep
from app.socle.errors import ForbiddenError, NotFoundError, SignInRequiredError, UnavailableError
from app.socle.ids import fingerprint
from app.socle.langues import N_
from app.socle.models import Connexion
from app.socle.vues import Erreur
from app.socle.web import page, redirect, safe_suite

usager = APIRouter()
agents = APIRouter()
connexion = APIRouter()
commun = APIRouter()
mon = APIRouter()
collectivite = APIRouter()

Suite = Annotated[str, Query(max_length=500)]


def leave(visit: Visite, retour: service.Retour) -> Response:
    """On to another host; 303 so that nothing is posted again."""
    return visit.finish(RedirectResponse(retour.url, 303))


def choice(
    visit: Visite, suite: str, *, courriel: str = "", erreur: str = "", statut: int = 200, fc: bool
) -> Response:
    """The page that offers the ways to sign in."""
    return page(
        visit,
        "identite/connexion.html",
        block="contenu",
        status=statut,
        pourquoi="",
        franceconnect_url=f"/connexion/franceconnect?suite={quote(suite)}" if fc else "",
        action_url="/connexion/courriel",
        courriel=courriel,
        erreurs_formulaire=[Erreur("courriel", erreur)] if erreur else [],
        suite=suite,
    )


@usager.get("/connexion")
async def choose(ctx: ContexteDep, suite: Suite = "/", erreur: Suite = "") -> Response:
    """The ways to sign in on this host; says why the last attempt did not succeed."""
    suite = safe_suite(suite)
    if ctx.personne is not None:
        return redirect(ctx, suite)
    if erreur in ERREURS:
        return page(
            ctx,
            "identite/incident.html",
            message=ERREURS[erreur],
            suite=suite,
            franceconnect=await has_franceconnect(ctx),
        )
    return choice(ctx, suite, fc=await has_franceconnect(ctx))


@usager.get("/connexion/franceconnect")
async def franceconnect(visit: VisiteDep, suite: Suite = "/") -> Response:
    """To FranceConnect; while it does not answer, to the page that says so and offers the other ways."""
    suite = safe_suite(suite)
    try:
        return leave(visit, await service.begin(visit, "franceconnect", suite))
    except UnavailableError:
        return redirect(visit, f"/connexion?{urlencode({'erreur': 'indisponible', 'suite': suite})}")


@usager.post("/connexion/courriel")
async def courriel(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """Sends a code to the address typed."""
    suite = safe_suite(form.get("suite"))
    typed = str(form.get("courriel", "")).strip()
    try:
        address = parse_email(typed).normalized.lower()
    except ValueError:
        phrase = N_("Écrivez une adresse de courriel complète, par exemple prenom.nom@exemple.fr.")
        return choice(ctx, suite, courriel=typed, erreur=phrase, statut=422, fc=await has_franceconnect(ctx))
    connexion_id = await service.send_code(ctx, address, suite)
    return redirect(ctx, f"/connexion/code/{connexion_id}")


@usager.get("/connexion/code/{connexion_id}")
async def code_page(ctx: ContexteDep, connexion_id: UUID) -> Response:
    """Where the code is typed."""
    return await _code_page(ctx, connexion_id)


async def _pending_code(ctx: Contexte, connexion_id: UUID) -> Connexion:
    """The sign-in that this browser began on this host: its page shows the address, so no other browser sees it."""
    pending = await repository.get_connexion(ctx.db, connexion_id)
    if (
        pending is None
        or pending.genre != "courriel"
        or pending.hote != ctx.hote.nom
        or pending.temoin != fingerprint(ctx.temoin)
    ):
        raise NotFoundError("Cette identification n’est plus en cours. Recommencez.")
    return pending


async def _code_page(ctx: Contexte, connexion_id: UUID, *, erreur: str = "", statut: int = 200) -> Response:
    pending = await _pending_code(ctx, connexion_id)
    return page(
        ctx,
        "identite/code.html",
        block="contenu",
        status=statut,
        courriel=pending.courriel,
        valide_minutes=int(service.CODE_LIFE.total_seconds() // 60),
        action_url=f"/connexion/code/{connexion_id}",
        renvoyer_url=f"/connexion/code/{connexion_id}/renvoyer",
        changer_url="/connexion",
        erreurs_formulaire=[Erreur("code", erreur)] if erreur else [],
        suite=pending.suite,
    )


@usager.post("/connexion/code/{connexion_id}")
async def code_check(ctx: ContexteDep, form: FormulaireDep, connexion_id: UUID) -> Response:
    """Checks the code; a wrong one is said beside the field."""
    token, what = await service.check_code(ctx, connexion_id, str(form.get("code", "")))
    if token is None:
        return await _code_page(ctx, connexion_id, erreur=what, statut=422)
    response = redirect(ctx, what)
    ctx.set_cookie(response, "kumun", token)
    return response


@usager.post("/connexion/code/{connexion_id}/renvoyer")
async def code_again(ctx: ContexteDep, form: FormulaireDep, connexion_id: UUID) -> Response:
    """A new code to the same address."""
    del form
    pending = await _pending_code(ctx, connexion_id)
    again = await service.send_code(ctx, pending.courriel or "", pending.suite)
    return redirect(ctx, f"/connexion/code/{again}")


@agents.get("/connexion")
async def choose_agent(ctx: ContexteDep, suite: Suite = "/", erreur: Suite = "") -> Response:
    """An agent signs in with ProConnect."""
    suite = safe_suite(suite)
    if ctx.personne is not None:
        return redirect(ctx, suite)
    return page(ctx, "identite/connexion_agent.html", message=ERREURS_AGENT.get(erreur, ""), suite=suite)


@agents.get("/connexion/proconnect")
async def proconnect(visit: VisiteDep, suite: Suite = "/") -> Response:
    """To ProConnect."""
    return leave(visit, await service.begin(visit, "proconnect", safe_suite(suite)))


@commun.get("/connexion/retour")
async def finish(ctx: ContexteDep, code: Annotated[str, Query(max_length=100)] = "") -> Response:
    """The last step of every sign-in: the session opens here, on the host where it began."""
    token, where = await service.finish(ctx, code)
    if token is None and where.startswith("rattacher:"):
        return page(ctx, "identite/rattacher.html", code=where.removeprefix("rattacher:"))
    if token is None:
        if ctx.personne is not None:
            return redirect(ctx, "/")
        return redirect(ctx, f"/connexion?erreur={where}")
    response = redirect(ctx, where)
    ctx.set_cookie(response, "kumun", token)
    return response


@mon.post("/connexion/rattacher")
async def join(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """Two accounts of one person: joins them, or goes over to the other, as the person says."""
    code = str(form.get("code", ""))
    if form.get("choix") == "rattacher":
        await service.join_accounts(ctx, code)
        return redirect(ctx, "/")
    token = await service.switch_account(ctx, code)
    response = redirect(ctx, "/")
    if token is not None:
        ctx.set_cookie(response, "kumun", token)
    return response


@commun.get("/connexion/fenetre")
async def window_done(ctx: ContexteDep) -> Response:
    """Where a sign-in begun beside a form ends: the form takes it from there; back to the choice for who is not in."""
    if ctx.personne is None:
        return redirect(ctx, f"/connexion?suite={quote('/connexion/fenetre')}")
    return page(ctx, "identite/fenetre.html")


@commun.get("/deconnexion")
async def confirm_sign_out(ctx: ContexteDep) -> Response:
    """Asks before ending the session: a link alone must not do it."""
    if ctx.personne is None:
        return redirect(ctx, "/")
    return page(ctx, "identite/quitter.html")


@commun.post("/deconnexion")
async def sign_out(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """Ends the session, here and at the identity provider.

    The page goes on by itself: a form answered by a redirect to another host would be blocked by our own policy.
    """
    del form
    url = await service.sign_out(ctx)
    ctx.personne = None
    response = page(ctx, "identite/deconnexion.html", url=url or "/", chez=bool(url))
    response.delete_cookie(
        ctx.cookie_name("kumun"), path="/", secure=ctx.noyau.settings.secure, httponly=True
    )
    return response


@commun.get("/sessions")
async def sessions(ctx: ContexteDep) -> Response:
    """« Mes connexions »: each browser signed in, with a button to end it."""
    if ctx.personne is None:
        raise SignInRequiredError("Identifiez-vous pour voir vos connexions.")
    found = await repository.list_sessions(ctx.db, ctx.now)
    return page(ctx, "identite/sessions.html", sessions=found, courante=ctx.personne.session_id)


@commun.post("/sessions/{session_id}/fermer")
async def close_session(ctx: ContexteDep, form: FormulaireDep, session_id: UUID) -> Response:
    """Ends one of the person's own sessions, wherever it is open."""
    del form
    if ctx.personne is None:
        raise SignInRequiredError("Identifiez-vous pour fermer une connexion.")
    if session_id not in {found.id for found in await repository.list_sessions(ctx.db, ctx.now)}:
        raise NotFoundError("Cette connexion est déjà fermée.")
    await repository.revoke_session(ctx.db, session_id, ctx.now)
    return redirect(ctx, "/sessions")


@mon.get("/passage")
async def ask_passage(
    ctx: ContexteDep, de: Annotated[str, Query(max_length=253)], suite: Suite = "/"
) -> Response:
    """From a collectivité to Mon espace: asks that host who is signed in there."""
    return leave(ctx, await service.ask_passage(ctx, de, safe_suite(suite)))


@collectivite.get("/passage/accorder")
async def grant_passage(ctx: ContexteDep, demande: Annotated[str, Query(max_length=100)]) -> Response:
    """The collectivité's host answers Mon espace; a kiosk does not: what it would leave there is out of its reach."""
    if ctx.borne_id is not None:
        raise ForbiddenError(
            "Sur cette borne, « Mon espace » ne s’ouvre pas. Retrouvez vos démarches chez vous, sur cette même adresse."
        )
    return leave(ctx, await service.grant_passage(ctx, demande))


@connexion.get("/franceconnect/retour")
async def franceconnect_back(visit: VisiteDep) -> Response:
    """FranceConnect's callback."""
    return leave(visit, await service.come_back(visit, "franceconnect", dict(visit.request.query_params)))


@connexion.get("/proconnect/retour")
async def proconnect_back(visit: VisiteDep) -> Response:
    """ProConnect's callback."""
    return leave(visit, await service.come_back(visit, "proconnect", dict(visit.request.query_params)))


@connexion.get("/franceconnect/deconnexion/retour")
@connexion.get("/proconnect/deconnexion/retour")
async def signed_out(visit: VisiteDep, state: Annotated[str, Query(max_length=400)] = "") -> Response:
    """After the provider's own sign-out: back to the host where it began, whose state is checked."""
    return leave(visit, service.Retour(service.signed_out_host(visit, state) + "/"))
