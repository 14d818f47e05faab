"""Signing in and out, and passing from one of our hosts to another.

Each sign-in in progress is a row reached by the hash of a secret, bound to the browser that began it (an anonymous
cookie of the host), so several may be pending at once and none can be finished by somebody else. The identity comes
back on `connexion.<base>`, and reaches its host by a code that works once, within 60 seconds.
"""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError

from app.identite import repository
from app.identite.clients import franceconnect_client, proconnect_client
from app.identite.domain import code_courriel, erreur_of, identite_franceconnect
from app.socle import limites
from app.socle.audit import record, record_as
from app.socle.contexte import Contexte, Visite
from app.socle.errors import ConflictError, NotFoundError, UnavailableError
from app.socle.ids import fingerprint, new_token, uuid7
from app.socle.jobs import emit
from app.socle.langues import N_, phrase
from app.socle.models import Connexion
from app.socle.oidc import ClientOidc, FournisseurIndisponibleError, FournisseurInvalideError, Preuve
from app.socle.sessions import create_session, device_label

log = structlog.get_logger()

PENDING = timedelta(minutes=30)
HAND_OFF = timedelta(seconds=60)
CHOICE = timedelta(minutes=10)
CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5


@dataclass(frozen=True, slots=True)
class Retour:
    """Where the browser goes after a step of a sign-in."""

    url: str


def callback_uri(visit: Visite, genre: str) -> str:
    """The one address declared at each provider."""
    settings = visit.noyau.settings
    return settings.url_of(settings.service_host("connexion"), f"/{genre}/retour")


async def _client(visit: Visite, genre: str, hote: str) -> ClientOidc | None:
    return proconnect_client(visit) if genre == "proconnect" else await franceconnect_client(visit, hote)


async def begin(visit: Visite, genre: str, suite: str) -> Retour:
    """Starts a sign-in with FranceConnect or ProConnect and says where the browser goes.

    NotFoundError where this host has no such client; UnavailableError while the provider cannot be reached.
    """
    client = await _client(visit, genre, visit.hote.nom)
    if client is None:
        raise NotFoundError(
            "Cette façon de s’identifier n’est pas proposée ici. Choisissez-en une autre, ou appelez la mairie."
        )
    await limites.limit(visit.noyau, "connexion", visit.temoin, at_most=30, per=timedelta(minutes=10))
    state, nonce = new_token(), new_token()
    try:
        url = await visit.noyau.oidc.authorize_url(client, callback_uri(visit, genre), state, nonce)
    except FournisseurIndisponibleError as error:
        log.warning("identity_provider_unavailable", provider=genre, error=str(error))
        nom = "ProConnect" if genre == "proconnect" else "FranceConnect"
        raise UnavailableError(
            phrase(
                N_(
                    "%(nom)s ne répond pas en ce moment. Réessayez dans quelques minutes, ou adressez-vous à "
                    "l’accueil."
                ),
                nom=nom,
            )
        ) from error
    async with visit.noyau.db.session() as session:
        repository.add_connexion(
            session,
            id=uuid7(),
            genre=genre,
            hote=visit.hote.nom,
            suite=suite,
            temoin=fingerprint(visit.temoin),
            etat=fingerprint(state),
            nonce=nonce,
            cree_le=visit.now,
            expire_le=visit.now + PENDING,
        )
    return Retour(url)


async def come_back(visit: Visite, genre: str, params: dict[str, str]) -> Retour:
    """The provider's callback: proves the identity, opens the account, sends the browser to its host with a code.

    No transaction is open while the provider is asked. A callback that comes twice ends where the first one did.
    """
    async with visit.noyau.db.session() as session:
        pending = await repository.get_connexion_by_etat(session, fingerprint(params.get("state", "")))
    if pending is None or pending.genre != genre:
        raise NotFoundError(
            "Cette identification n’est plus en cours. Revenez à la page de votre collectivité et recommencez."
        )
    host_url = _host_url(visit, pending.hote)
    if pending.consommee_le or pending.code:
        return Retour(f"{host_url}{pending.suite}")
    if pending.expire_le <= visit.now:
        return _refused(visit, pending, "expiree")
    client = await _client(visit, genre, pending.hote)
    # FranceConnect always names itself (RFC 9207); ProConnect does not promise it.
    named = params.get("iss", "" if genre == "franceconnect" else client.issuer if client else "")
    if client is None or named != client.issuer:
        log.error("sign_in_refused", provider=genre, reason="iss")
        return _refused(visit, pending, "invalide")
    if "code" not in params:
        erreur = erreur_of(params.get("error", ""))
        log.log(
            40 if erreur == "invalide" else 20,
            "sign_in_error",
            provider=genre,
            code=params.get("error", "")[:60],
        )
        return _refused(visit, pending, erreur)
    try:
        preuve = await visit.noyau.oidc.prove(
            client, callback_uri(visit, genre), params["code"], pending.nonce or ""
        )
    except FournisseurIndisponibleError as error:
        log.warning("identity_provider_unavailable", provider=genre, error=str(error))
        return _refused(visit, pending, "indisponible")
    except FournisseurInvalideError as error:
        log.error("sign_in_refused", provider=genre, reason=str(error))
        return _refused(visit, pending, "invalide")
    return await _recognise(visit, pending, client, preuve)


async def _recognise(visit: Visite, pending: Connexion, client: ClientOidc, preuve: Preuve) -> Retour:
    code = new_token()
    values: dict[str, object] = {
        "code": fingerprint(code),
        "expire_le": visit.now + HAND_OFF,
        "fournisseur": visit.noyau.sceau.seal(
            "fournisseur", {"genre": pending.genre, "issuer": client.issuer, "id_token": preuve.id_token}
        ),
    }
    async with visit.noyau.db.session() as session:
        if pending.genre == "proconnect":
            claims = preuve.claims
            agent_id = await repository.reconnaitre_agent(
                session,
                sub=f"{client.issuer}|{preuve.sub}",
                courriel=str(claims.get("email", "")),
                prenom=str(claims.get("given_name", "")),
                nom=str(claims.get("usual_name", "")),
                now=visit.now,
            )
            if agent_id is None:
                return _refused(visit, pending, "sans_droit")
            values["agent_id"] = agent_id
        else:
            compte = await repository.ouvrir_compte(
                session,
                new_id=uuid7(),
                emetteur=client.issuer,
                entite=client.entite,
                sub=preuve.sub,
                niveau="franceconnect",
                donnees=identite_franceconnect(preuve.claims),
                now=visit.now,
            )
            values |= {"usager_id": compte.usager_id, "identite_id": compte.identite_id}
        await repository.update_connexion(session, pending.id, **values)
    return Retour(f"{_host_url(visit, pending.hote)}/connexion/retour?code={code}")


def _host_url(visit: Visite, hote: str) -> str:
    return visit.noyau.settings.url_of(hote, "")


def _refused(visit: Visite, pending: Connexion, erreur: str) -> Retour:
    query = urlencode({"erreur": erreur, "suite": pending.suite})
    return Retour(f"{_host_url(visit, pending.hote)}/connexion?{query}")


async def finish(ctx: Contexte, code: str) -> tuple[str | None, str]:
    """The last step, on the host where it began: (new session's cookie, where to go).

    Without a cookie the second value is the reason: `navigateur` or `expiree`.
    """
    pending = await repository.consume_connexion(
        ctx.db, code=fingerprint(code), hote=ctx.hote.nom, temoin=fingerprint(ctx.temoin), now=ctx.now
    )
    if pending is None:
        return None, "navigateur" if not ctx.has_temoin else "expiree"
    if _other_account(ctx, pending):
        # Somebody is signed in here on another account: joining the two is for that person to say.
        again = new_token()
        await repository.update_connexion(
            ctx.db, pending.id, code=fingerprint(again), consommee_le=None, expire_le=ctx.now + CHOICE
        )
        return None, f"rattacher:{again}"
    return await _sign_in(ctx, pending), pending.suite


def _other_account(ctx: Contexte, pending: Connexion) -> bool:
    return pending.genre == "passage" and ctx.usager_id not in (None, pending.usager_id)


async def join_accounts(ctx: Contexte, code: str) -> None:
    """Joins the account that the hand-off proves to the one signed in here; both keep their identities.

    NotFoundError when the choice took too long; ConflictError when both hold a draft of the same démarche.
    """
    try:
        joined = await repository.rattacher_comptes(
            ctx.db, code=fingerprint(code), hote=ctx.hote.nom, temoin=fingerprint(ctx.temoin), now=ctx.now
        )
    except IntegrityError as error:
        raise ConflictError(
            "Vous avez commencé la même démarche dans les deux comptes. Terminez ou supprimez l’un des deux "
            "brouillons, puis recommencez.",
            code="brouillons_en_double",
        ) from error
    if joined is None:
        raise NotFoundError(
            "Ce choix n’est plus possible : revenez à la page de votre collectivité et recommencez."
        )
    await record(ctx, "identite:compte:rattacher", str(joined))


async def switch_account(ctx: Contexte, code: str) -> str | None:
    """Leaves the account signed in here for the one that the hand-off proves: the new session's cookie."""
    pending = await repository.consume_connexion(
        ctx.db, code=fingerprint(code), hote=ctx.hote.nom, temoin=fingerprint(ctx.temoin), now=ctx.now
    )
    return await _sign_in(ctx, pending) if pending is not None else None


async def _sign_in(ctx: Contexte, pending: Connexion) -> str:
    if ctx.personne is not None:
        await repository.revoke_session(ctx.db, ctx.personne.session_id, ctx.now)
    token = await create_session(
        ctx.db,
        hote=ctx.hote.nom,
        genre=ctx.hote.genre,
        now=ctx.now,
        appareil=device_label(ctx.request.headers.get("user-agent", "")),
        usager_id=pending.usager_id,
        agent_id=pending.agent_id,
        identite_id=pending.identite_id,
        fournisseur=pending.fournisseur,
    )
    who = f"agent:{pending.agent_id}" if pending.agent_id else f"usager:{pending.usager_id}"
    await record_as(
        ctx.db, ctx.now, who, f"identite:{pending.genre}:connexion", ctx.hote.nom, requete=ctx.requete
    )
    return token


async def send_code(ctx: Contexte, courriel: str, suite: str) -> UUID:
    """Sends a six-digit code to an address (already validated) and returns the sign-in's id.

    Limited per browser, per address and per network, so that nobody's mailbox is flooded.
    """
    client = ctx.request.client.host if ctx.request.client else "?"
    for who, at_most in ((f"t:{ctx.temoin}", 5), (f"c:{courriel}", 5), (f"a:{client}", 60)):
        await limites.limit(ctx.noyau, "code", who, at_most=at_most, per=timedelta(minutes=15))
    connexion_id = uuid7()
    repository.add_connexion(
        ctx.db,
        id=connexion_id,
        genre="courriel",
        hote=ctx.hote.nom,
        suite=suite,
        temoin=fingerprint(ctx.temoin),
        courriel=courriel,
        cree_le=ctx.now,
        expire_le=ctx.now + CODE_LIFE,
    )
    await ctx.db.flush()
    await emit(ctx.db, "identite:envoyer_code", connexion_id=connexion_id, langue=ctx.langue)
    return connexion_id


async def check_code(ctx: Contexte, connexion_id: UUID, code: str) -> tuple[str | None, str]:
    """Verifies an e-mail code: (new session's cookie, where to go), or (None, a sentence for beside the field)."""
    pending = await repository.get_connexion(ctx.db, connexion_id, lock=True)
    known = (
        pending is not None
        and pending.genre == "courriel"
        and pending.hote == ctx.hote.nom
        and hmac.compare_digest(pending.temoin, fingerprint(ctx.temoin))
        and pending.consommee_le is None
    )
    if pending is None or not known or pending.expire_le <= ctx.now or pending.essais >= CODE_TRIES:
        return None, N_("Ce code n’est plus valable. Demandez-en un autre.")
    pending.essais += 1
    typed = "".join(c for c in code if c.isdigit())
    expected = code_courriel(ctx.noyau.settings.secret_key.get_secret_value(), str(pending.id))
    if not hmac.compare_digest(typed, expected):
        left = CODE_TRIES - pending.essais
        if left == 0:
            return None, N_("Ce code n’est pas le bon, et c’était le dernier essai. Demandez un autre code.")
        return None, phrase(
            N_("Ce code n’est pas le bon. Vérifiez les six chiffres reçus ; il reste %(essais)s essai(s)."),
            essais=left,
        )
    compte = await repository.ouvrir_compte(
        ctx.db,
        new_id=uuid7(),
        emetteur="courriel",
        entite=str(ctx.hote.collectivite.id) if ctx.hote.collectivite else ctx.hote.genre,
        sub=pending.courriel or "",
        niveau="courriel",
        donnees={"courriel": pending.courriel},
        now=ctx.now,
    )
    pending.usager_id, pending.identite_id = compte.usager_id, compte.identite_id
    pending.consommee_le = ctx.now
    return await _sign_in(ctx, pending), pending.suite


async def ask_passage(ctx: Contexte, de: str, suite: str) -> Retour:
    """Mon espace asks a collectivité's host who is signed in there (first half of a hand-off)."""
    source = await ctx.noyau.hosts.resolve(de)
    if source is None or source.collectivite is None:
        raise NotFoundError(
            "Cette collectivité n’est pas servie par ce portail. Vérifiez l’adresse, ou appelez votre mairie."
        )
    state = new_token()
    repository.add_connexion(
        ctx.db,
        id=uuid7(),
        genre="passage",
        hote=ctx.hote.nom,
        suite=suite,
        temoin=fingerprint(ctx.temoin),
        etat=fingerprint(state),
        cree_le=ctx.now,
        expire_le=ctx.now + HAND_OFF,
    )
    return Retour(f"{_host_url(ctx, de)}/passage/accorder?demande={state}")


async def grant_passage(ctx: Contexte, demande: str) -> Retour:
    """The host where the person is signed in answers with a code (second half); a stranger is led to sign in."""
    pending = await repository.get_connexion_by_etat(ctx.db, fingerprint(demande))
    if pending is None or pending.genre != "passage" or pending.expire_le <= ctx.now or pending.code:
        raise NotFoundError("Ce lien a déjà servi. Revenez à la page précédente et recommencez.")
    if ctx.personne is None or ctx.personne.usager_id is None:
        return _refused(ctx, pending, "")
    code = new_token()
    await repository.update_connexion(
        ctx.db,
        pending.id,
        usager_id=ctx.personne.usager_id,
        identite_id=ctx.personne.identite_id,
        code=fingerprint(code),
        expire_le=ctx.now + HAND_OFF,
    )
    return Retour(f"{_host_url(ctx, pending.hote)}/connexion/retour?code={code}")


async def sign_out(ctx: Contexte) -> str | None:
    """Ends the session; returns the provider's own sign-out address, if it has one to end.

    Without it the next person on a shared computer would be signed in as this one: FranceConnect keeps a session of
    its own for 30 minutes.
    """
    if ctx.personne is None:
        return None
    sealed = await repository.revoke_session(ctx.db, ctx.personne.session_id, ctx.now)
    await record(ctx, "identite:session:deconnexion", ctx.hote.nom)
    opened = ctx.noyau.sceau.open("fournisseur", sealed) if sealed else None
    if opened is None:
        return None
    settings = ctx.noyau.settings
    back = settings.url_of(settings.service_host("connexion"), f"/{opened['genre']}/deconnexion/retour")
    state = f"{ctx.hote.nom}.{ctx.noyau.sceau.sign('deconnexion', ctx.hote.nom)}"
    try:
        url: str = await ctx.noyau.oidc.logout_url(opened["issuer"], opened["id_token"], back, state)
    except FournisseurIndisponibleError:
        return None
    return url


def signed_out_host(visit: Visite, state: str) -> str:
    """The host where the sign-out began, from the state that came back; NotFoundError for a forged one."""
    hote, _, signature = state.rpartition(".")
    if not hote or not visit.noyau.sceau.verify("deconnexion", hote, signature):
        raise NotFoundError("Cette page n’est plus valable. Vous pouvez fermer cet onglet.")
    return _host_url(visit, hote)
