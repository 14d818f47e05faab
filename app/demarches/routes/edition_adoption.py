"""What a collectivité adopts, changes in a shared démarche, or chooses when a version touches it; versions; import."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.responses import Response

from app.demarches.definitions import Definition, Surcouche, SurcoucheRefuseeError
from app.demarches.definitions.surcouche import PREFIXE_LOCAL
from app.demarches.edition import fichier
from app.demarches.edition.attributs import (
    RANGEES_LIBRES,
    Entree,
    TexteIllisibleError,
    depuis_saisie,
    entree,
    vers_saisie,
)
from app.demarches.edition.fautes import phrases_de
from app.demarches.edition.gestes import libre, nom_court
from app.demarches.edition.libelles import type_de
from app.demarches.repository import catalogue as versions
from app.demarches.repository import edition as repository
from app.demarches.routes.edition_commun import RACINE, brut_of, retaper
from app.demarches.routes.edition_liste import owner_of
from app.demarches.routes.edition_publication import grouped, yaml_response
from app.demarches.service import edition, publication, surcouches
from app.demarches.service.surcouches import Adoptee, SurcoucheConflitError
from app.socle.contexte import Contexte, ContexteDep, FormulaireDep, check_token
from app.socle.errors import BusinessError, NotFoundError
from app.socle.gabarits import euros
from app.socle.ids import new_token
from app.socle.televersement import FilePart, FormLimits, TextPart, read_form
from app.socle.vues import Erreur, Lien
from app.socle.web import once, page, redirect

router = APIRouter()
LIMITS = FormLimits(poids_max=1_000_000, total_max=1_100_000, files_max=1, fields_max=60, field_max=1000)
TYPES_LOCAUX = (
    "texte", "texte_long", "entier", "date", "oui_non", "choix", "courriel", "telephone", "adresse", "piece",
)  # fmt: skip
SIMPLES = (
    "resume", "pour_qui", "intro", "apres", "delai_traitement", "delai_complement_jours", "cout", "service_nom",
    "telephone", "ou", "contact", "ce_qu_il_faut_en_plus",
)  # fmt: skip


@router.post("/demarches/adoptions")
async def adopt(ctx: ContexteDep, form: FormulaireDep) -> Response:
    """Adopts a shared démarche: it is open at once."""
    if not await once(ctx, form, "/demarches"):
        async with edition.open_atelier(ctx, owner_of(form)) as atelier:
            await surcouches.adopt(atelier, str(form.get("slug", "")))
    return redirect(ctx, "/demarches?fait=adoptee")


def entrees_surcouche(definition: Definition) -> list[Entree]:
    """The inputs of an overlay: what this démarche can be changed in, and nothing else."""
    foreign = (
        {"ou", "contact"}
        if definition.genre == "teleservice"
        else {"intro", "delai_complement_jours", "apres"}
    )
    fields = Surcouche.model_fields
    made = [one for nom in SIMPLES if nom not in foreign for one in entree(nom, fields[nom].annotation)]
    champs = [(champ.id, champ.libelle) for champ in definition.champs()]
    made += [
        Entree(f"tarif_{tarif.id}", "montant", f"Tarif « {tarif.libelle} », en euros")
        for tarif in definition.tarifs
    ]
    if not champs:
        return made
    hideable = tuple((c.id, c.libelle) for c in definition.champs() if not c.obligatoire)
    pieces = tuple((c.id, c.libelle) for c in definition.champs() if c.type == "piece" and c.obligatoire)
    if hideable:
        made.append(Entree("champs_masques", "cases", "Questions masquées", options=hideable))
    if pieces:
        made.append(Entree("pieces_facultatives", "cases", "Documents rendus facultatifs", options=pieces))
    made.append(
        Entree(
            "aides",
            "rangees",
            "Aides réécrites",
            "Le texte d’aide d’une question, dans vos mots.",
            colonnes=(
                Entree("champ", "liste", "Question", options=tuple(champs)),
                Entree("texte", "texte", "Aide"),
            ),
        )
    )
    made.append(
        Entree(
            "champs_ajoutes",
            "rangees",
            "Questions ajoutées",
            "À la fin de la page choisie.",
            colonnes=(
                Entree("libelle", "texte", "Intitulé"),
                Entree("type", "liste", "Type", options=tuple((t, type_de(t)) for t in TYPES_LOCAUX)),
                Entree("page", "liste", "Page", options=tuple((p.id, p.titre) for p in definition.pages)),
                Entree("obligatoire", "case", "Réponse obligatoire"),
                Entree("choix", "texte", "Réponses proposées, séparées par « ; »"),
                Entree("id", "texte", "Identifiant (vide pour une nouvelle question)"),
            ),
        )
    )
    return made


def shown(definition: Definition, surcouche: Surcouche) -> dict[str, Any]:
    """An overlay as its inputs show it."""
    plain = surcouche.model_dump(mode="json")
    prices = {tarif.id: tarif.montant for tarif in surcouche.tarifs}
    plain |= {f"tarif_{tarif.id}": prices.get(tarif.id, "") for tarif in definition.tarifs}
    plain["champs_ajoutes"] = [
        {
            "libelle": a.champ.libelle,
            "type": a.champ.type,
            "page": a.page,
            "obligatoire": a.champ.obligatoire,
            "choix": " ; ".join(option.libelle for option in a.champ.options),
            "id": a.champ.id,
        }
        for a in surcouche.champs_ajoutes
    ]
    return vers_saisie(entrees_surcouche(definition), plain)


def surcouche_of(adoptee: Adoptee, form: FormData) -> Surcouche:
    """The overlay that a form says; ValidationError when an attribute is wrong on its own."""
    definition = adoptee.partagee
    values = depuis_saisie(entrees_surcouche(definition), brut_of(form))
    prices = [(t.id, values.pop(f"tarif_{t.id}", None)) for t in definition.tarifs]
    values["tarifs"] = [{"id": id_, "montant": montant} for id_, montant in prices if montant is not None]
    values["aides"] = [row for row in values.get("aides") or () if row.get("champ") and row.get("texte")]
    taken = {champ.id for champ in definition.champs()}
    former = {a.champ.id: a.champ for a in adoptee.surcouche.champs_ajoutes}
    added = []
    for row in values.get("champs_ajoutes") or ():
        if not row.get("libelle"):
            continue
        named = row.get("id") if row.get("id") in former else ""
        id_ = named or libre(
            PREFIXE_LOCAL + nom_court(row["libelle"], separateur="_", repli="question")[:30],
            taken | former.keys(),
            "_",
        )
        taken.add(id_)
        champ: dict[str, Any] = (
            former[id_].model_dump(mode="json", exclude_defaults=True) if id_ in former else {}
        )
        champ |= {"id": id_, "type": row.get("type") or "texte", "libelle": row["libelle"]}
        champ["obligatoire"] = row.get("obligatoire", False)
        champ.pop("options", None)
        if champ["type"] == "choix":
            champ["options"] = _options(row.get("choix", ""), former.get(id_))
        added.append({"page": row.get("page") or definition.pages[0].id, "champ": champ})
    values["champs_ajoutes"] = added
    return Surcouche.model_validate({cle: value for cle, value in values.items() if value not in (None, "")})


def _options(choix: str, former: Any) -> list[dict[str, str]]:
    known = {option.libelle: option.valeur for option in former.options} if former else {}
    made: list[dict[str, str]] = []
    for libelle in (part.strip() for part in choix.split(";")):
        if libelle:
            taken = {one["valeur"] for one in made} | set(known.values()) - {known.get(libelle, "")}
            valeur = known.get(libelle) or libre(
                nom_court(libelle, separateur="_", repli="choix"), taken, "_"
            )
            made.append({"valeur": valeur, "libelle": libelle})
    return made


@router.get("/demarches/adoptions/{collectivite_id}/{slug}")
async def show(ctx: ContexteDep, collectivite_id: UUID, slug: str) -> Response:
    """The overlay of a collectivité on one démarche."""
    async with edition.open_atelier(ctx, collectivite_id) as atelier:
        return _show(
            ctx, await surcouches.get_adoptee(atelier.session, collectivite_id, slug), collectivite_id
        )


def _show(
    ctx: Contexte,
    adoptee: Adoptee,
    collectivite_id: UUID,
    erreurs: dict[str, str] | None = None,
    saisie: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    definition = adoptee.partagee
    entrees = entrees_surcouche(definition)
    return page(
        ctx,
        "demarches/edition/surcouche.html",
        status=status,
        fil=[Lien("Démarches", "/demarches"), Lien(definition.titre, "")],
        titre=definition.titre,
        entrees=entrees,
        valeurs=saisie or shown(definition, adoptee.surcouche),
        partagees={one.nom: _commune(definition, one.nom) for one in entrees},
        vides=range(RANGEES_LIBRES),
        erreur_de=erreurs or {},
        erreurs_formulaire=[
            Erreur(cible if any(e.nom == cible for e in entrees) else entrees[0].nom, phrase)
            for cible, phrase in (erreurs or {}).items()
        ],
        surcouche_id=adoptee.surcouche_id or "",
        action_url=f"/demarches/adoptions/{collectivite_id}/{adoptee.slug}",
        cle_idempotence=new_token(),
    )


def _commune(definition: Definition, nom: str) -> str:
    """What the shared version says, under the input that would replace it."""
    named = {
        "intro": definition.textes.intro,
        "apres": definition.textes.apres,
        "service_nom": definition.service.nom,
        "telephone": definition.service.telephone,
        "delai_complement_jours": str(definition.legal.delai_complement_jours) if definition.legal else "",
    }
    if nom.startswith("tarif_"):
        return next(euros(t.montant) for t in definition.tarifs if f"tarif_{t.id}" == nom)
    if nom in named:
        return named[nom]
    value = getattr(definition, nom, "")
    return value if isinstance(value, str) else ""


@router.post("/demarches/adoptions/{collectivite_id}/{slug}")
async def save(ctx: ContexteDep, form: FormulaireDep, collectivite_id: UUID, slug: str) -> Response:
    """Keeps the overlay, checked with the whole démarche; the site shows it at once."""
    async with edition.open_atelier(ctx, collectivite_id) as atelier:
        adoptee = await surcouches.get_adoptee(atelier.session, collectivite_id, slug)
        erreurs: dict[str, str] = {}
        status = 422
        try:
            surcouche = surcouche_of(adoptee, form)
            await surcouches.save(atelier, adoptee, surcouche, str(form.get("surcouche_id", "")))
        except TexteIllisibleError as refusal:
            erreurs = {refusal.nom: refusal.phrase}
        except ValidationError as error:
            erreurs = phrases_de(error)
        except SurcoucheRefuseeError as refusal:
            erreurs = {"champs_ajoutes": refusal.message}
        except SurcoucheConflitError as conflict:
            erreurs, status = {"resume": conflict.message}, conflict.status
        if erreurs:
            typed = _retaper(adoptee.partagee, form)
            return _show(ctx, adoptee, collectivite_id, erreurs, typed, status)
    return redirect(ctx, "/demarches?fait=surcouche")


def _retaper(definition: Definition, form: FormData) -> dict[str, Any]:
    """What was typed, as it was."""
    return retaper(entrees_surcouche(definition), brut_of(form))


@router.get("/demarches/adoptions/{collectivite_id}/{slug}/version")
async def show_choice(ctx: ContexteDep, collectivite_id: UUID, slug: str) -> Response:
    """A new shared version that touches what the collectivité changed: the difference, and what can be done."""
    async with edition.open_atelier(ctx, collectivite_id) as atelier:
        choix = await surcouches.get_choix(atelier, slug)
        return page(
            ctx,
            "demarches/edition/choix.html",
            fil=[Lien("Démarches", "/demarches"), Lien(choix.nouvelle.titre, "")],
            titre=choix.nouvelle.titre,
            parties=choix.parties,
            perdu=choix.perdu,
            changements=grouped(list(choix.changements)),
            action_url=f"/demarches/adoptions/{collectivite_id}/{slug}/version",
            cle_idempotence=new_token(),
        )


@router.post("/demarches/adoptions/{collectivite_id}/{slug}/version")
async def choose(ctx: ContexteDep, form: FormulaireDep, collectivite_id: UUID, slug: str) -> Response:
    """Takes the new version, or keeps the old one for now."""
    if not await once(ctx, form, "/demarches"):
        async with edition.open_atelier(ctx, collectivite_id) as atelier:
            choix = await surcouches.get_choix(atelier, slug)
            await surcouches.choose(atelier, choix, str(form.get("decision", "")))
    return redirect(ctx, "/demarches?fait=version")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFoundError("Cette collectivité n’existe pas.") from None


@router.get("/demarches/versions/{slug}")
async def history(
    ctx: ContexteDep, slug: str, collectivite: Annotated[str, Query(max_length=36)] = ""
) -> Response:
    """Every version of a démarche, with the file of each."""
    async with edition.open_atelier(ctx, _uuid(collectivite)) as atelier:
        rows = await repository.list_publications(atelier.session, atelier.proprietaire, slug)
        if not rows:
            raise NotFoundError("Cette démarche n’existe pas, ou n’est pas à vous.")
        suite = f"?collectivite={collectivite}" if collectivite else ""
        return page(
            ctx,
            "demarches/edition/versions.html",
            fil=[Lien("Démarches", "/demarches"), Lien(slug, "")],
            slug=slug,
            dossiers_url=f"/demarches/versions/{slug}/dossiers{suite}",
            versions=[
                {
                    "numero": row.numero,
                    "le": row.publiee_le,
                    "auteur": row.auteur,
                    "note": row.note,
                    "url": f"/demarches/versions/{slug}/{row.numero}.yaml{suite}",
                }
                for row in rows
            ],
        )


@router.get("/demarches/versions/{slug}/dossiers")
async def moves(
    ctx: ContexteDep, slug: str, collectivite: Annotated[str, Query(max_length=36)] = ""
) -> Response:
    """How far open dossiers are in following a new version, how many stay and why."""
    found = await publication.read_moves(ctx, _uuid(collectivite), slug)
    suite = f"?collectivite={collectivite}" if collectivite else ""
    versions_url = f"/demarches/versions/{slug}{suite}"
    return page(
        ctx,
        "demarches/edition/bascules.html",
        block="avancement",
        fil=[Lien("Démarches", "/demarches"), Lien(slug, versions_url), Lien("Dossiers en cours", "")],
        slug=slug,
        publiee=ctx.request.query_params.get("fait") == "publiee",
        bascules=found,
        en_cours=any(move["finie_le"] is None for move in found),
        ici=f"/demarches/versions/{slug}/dossiers{suite}",
    )


@router.get("/demarches/versions/{slug}/{numero}.yaml")
async def download(
    ctx: ContexteDep, slug: str, numero: int, collectivite: Annotated[str, Query(max_length=36)] = ""
) -> Response:
    """One version as a readable file."""
    async with edition.open_atelier(ctx, _uuid(collectivite)) as atelier:
        rows = await repository.list_publications(atelier.session, atelier.proprietaire, slug)
        found = next((row for row in rows if row.numero == numero), None)
        if found is None:
            raise NotFoundError("Cette version n’existe pas, ou n’est pas à vous.")
        contents = await versions.list_versions(atelier.session, [found.version_id])
        return yaml_response(ctx, f"{slug}-v{numero}", fichier.ecrire_fichier(contents[found.version_id]))


@router.post("/demarches/importer/fichier")
async def bring(ctx: ContexteDep) -> Response:
    """Makes a work in progress of a file; a file with one fault makes nothing, and says where and why."""
    edition.name_of(ctx)
    request = ctx.request
    fields: dict[str, str] = {}
    data = b""
    kind, length = request.headers.get("content-type", ""), request.headers.get("content-length")
    try:
        async for part in read_form(request.stream(), kind, length, LIMITS):
            if isinstance(part, TextPart):
                fields[part.name] = part.value
            elif isinstance(part, FilePart):
                data = part.content()
    except BusinessError as refusal:
        return _refused(ctx, [("", refusal.message)])
    check_token(ctx, fields.get("jeton_csrf"))
    async with edition.open_atelier(ctx, _uuid(fields.get("collectivite", ""))) as atelier:
        try:
            definition = fichier.lire_fichier(data)
        except fichier.FichierRefuseError as refusal:
            return _refused(ctx, refusal.fautes)
        chantier_id = await edition.begin_import(atelier, definition)
    return redirect(ctx, f"{RACINE}/{chantier_id}?fait=importe")


def _refused(ctx: Contexte, fautes: list[tuple[str, str]]) -> Response:
    return page(
        ctx,
        "demarches/edition/import_refuse.html",
        status=422,
        fil=[Lien("Démarches", "/demarches"), Lien("Importer", "")],
        fautes=fautes,
    )
