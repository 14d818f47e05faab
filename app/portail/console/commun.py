"""What the console's pages share: where one is, what was just done, and forms that carry a file."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from app.collectivites import repository
from app.collectivites.reglages import access
from app.collectivites.saisie import ROLES
from app.socle.contexte import Contexte, check_token
from app.socle.ids import new_token
from app.socle.models import Collectivite
from app.socle.televersement import FilePart, FormLimits, TextPart, read_form
from app.socle.vues import Erreur, Etiquette, Lien
from app.socle.web import page

GENRES = {"commune": "Commune", "epci": "EPCI", "syndicat": "Syndicat"}
ETATS = {
    "active": Etiquette("En service", "succes"),
    "suspendue": Etiquette("Suspendue", "attente"),
    "close": Etiquette("Close", "refus"),
}
# What a page says after an act; the key travels in the address, so only these sentences can be shown.
FAITS = {
    "prise": "La collectivité est prise en charge : son site répond dès maintenant à son adresse.",
    "coordonnees": "Coordonnées enregistrées : le site les montre dès maintenant.",
    "theme": "Thème enregistré : le site l’a pris dès maintenant.",
    "blason": "Logo enregistré.",
    "blason-retire": "Logo retiré.",
    "demarches": "Démarches enregistrées : le site les montre dès maintenant.",
    "franceconnect": "Clés FranceConnect enregistrées.",
    "invitation": "Accès ouvert : la personne reçoit un courriel qui l’explique.",
    "retrait": "Accès retiré : il ne fonctionne plus dès maintenant.",
    "suspension": "Site suspendu : les habitants voient le téléphone de la mairie.",
    "reouverture": "Site rouvert.",
    "relance": "Travail remis dans la file : il s’exécute dans les secondes qui viennent.",
    "bandeau": "Bandeau enregistré : il change sur toutes les pages dans la seconde.",
}
LIMITS = FormLimits(poids_max=900_000, total_max=1_000_000, files_max=1, fields_max=10, field_max=1000)


def habitants(population: int | None) -> str:
    """« 2 237 habitants », or nothing when the file does not say."""
    if population is None:
        return ""
    return f"{population:,} habitant{'s' if population > 1 else ''}".replace(",", "\u202f")


def erreurs_of(erreurs: Mapping[str, str]) -> list[Erreur]:
    """The summary of a form's errors."""
    return [Erreur(cible, phrase) for cible, phrase in erreurs.items()]


def contact_values(coordonnees: Mapping[str, Any]) -> dict[str, str]:
    """Contact and hours as their form shows them."""
    return {
        "adresse": "\n".join(coordonnees.get("adresse", ())),
        "horaires": "\n".join(
            f"{line['jours']} : {line['heures']}" for line in coordonnees.get("horaires", ())
        ),
        **{name: str(coordonnees.get(name, "")) for name in ("telephone", "courriel", "accueil")},
    }


def agent_shown(row: Any) -> dict[str, Any]:
    """An agent of a collectivité, as lists show them (`repository.list_agents`)."""
    return {
        "id": row.agent_id,
        "nom": f"{row.prenom} {row.nom}".strip() or row.courriel,
        "courriel": row.courriel,
        "qualite": row.qualite,
        "service": row.service,
        "role": ROLES[row.role],
        "vu_le": row.vu_le,
    }


def onglets(slug: str, courant: str) -> list[Lien]:
    """The pages of one collectivité."""
    pages = (
        ("Fiche", ""),
        ("Coordonnées", "/coordonnees"),
        ("Thème et logo", "/theme"),
        ("Démarches", "/demarches"),
        ("Agents", "/agents"),
        ("FranceConnect", "/franceconnect"),
    )
    return [Lien(nom, f"/collectivites/{slug}{suite}", suite == courant) for nom, suite in pages]


async def read_collectivite(ctx: Contexte, slug: str) -> tuple[Collectivite, str]:
    """A collectivité and the address of its site; NotFoundError when it is not taken on."""
    async with ctx.noyau.db.hors_cloison("console: one collectivité") as session:
        found = await access(session, slug)
        hote = await repository.get_main_host(session, found.id)
    return found, ctx.noyau.settings.url_of(hote, "/") if hote else ""


def page_collectivite(
    ctx: Contexte,
    template: str,
    found: Collectivite,
    site: str,
    courant: str,
    erreurs: Mapping[str, str] | None = None,
    *,
    block: str | None = None,
    **context: Any,
) -> Response:
    """One page of a collectivité, with its tabs; 422 when there are errors, but for a trial (`block`)."""
    fait = FAITS.get(ctx.request.query_params.get("fait", ""), "")
    return page(
        ctx,
        f"collectivites/{template}.html",
        block=block,
        status=422 if erreurs and block is None else 200,
        collectivite=found,
        genre=GENRES[found.genre],
        etat=ETATS[found.etat],
        site=site,
        fil=[Lien("Collectivités", "/"), Lien(found.nom, "")],
        onglets=onglets(found.slug, courant),
        base=f"/collectivites/{found.slug}",
        message="" if erreurs else fait,
        erreurs_formulaire=erreurs_of(erreurs or {}),
        erreur_de=dict(erreurs or {}),
        cle_idempotence=new_token(),
        **context,
    )


async def receive_file(ctx: Contexte) -> tuple[FormData, FilePart | None]:
    """The fields and the one file of a form, its token checked; the file is in memory, 900 kB at most."""
    request = ctx.request
    fields: list[tuple[str, str | UploadFile]] = []
    file: FilePart | None = None
    kind, length = request.headers.get("content-type", ""), request.headers.get("content-length")
    async for part in read_form(request.stream(), kind, length, LIMITS):
        if isinstance(part, TextPart):
            fields.append((part.name, part.value))
        elif part.filename or part.data:
            file = part
    form = FormData(fields)
    check_token(ctx, form.get("jeton_csrf"))
    return form, file
