"""Filling a démarche: one draft per person, every answer a row, nothing typed lost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from app.demarches.definitions import Definition, Page
from app.demarches.domain import (
    EtatFormulaire,
    Saisie,
    entrees_de,
    etat_du_formulaire,
    facultatif,
    parse_champ,
    parse_page,
)
from app.demarches.expressions import Circonstances
from app.demarches.models import Dossier, Piece
from app.demarches.repository import dossiers as repository
from app.demarches.service.catalogue import Offre, definition_of, get_offre
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.db import write_in
from app.socle.errors import BusinessError, ConflictError, NotFoundError, SignInRequiredError
from app.socle.hosts import CollectiviteVue, list_vues
from app.socle.ids import fingerprint, uuid7
from app.socle.jobs import emit
from app.socle.langues import N_
from app.socle.sessions import Personne

ABSENT = N_(
    "Ce dossier n’existe pas, ou n’est pas le vôtre. Vérifiez l’adresse, ou retrouvez-le dans « Mon espace »."
)
# Which of our identity data a field may be filled with.
_IDENTITE = {
    "identite.civilite": "civilite",
    "identite.nom_naissance": "nom_naissance",
    "identite.nom_usage": "nom_usage",
    "identite.prenoms": "prenoms",
    "identite.date_naissance": "naissance",
    "identite.courriel": "courriel",
    "identite.telephone": "telephone",
}


@dataclass
class Brouillon:
    """A draft with all that is needed to show it."""

    dossier: Dossier
    definition: Definition
    collectivite: CollectiviteVue
    reponses: dict[str, Any] = field(default_factory=dict)
    brut: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)
    circonstances: Circonstances = field(default_factory=Circonstances)

    def pieces_de(self, champ_id: str) -> list[Piece]:
        """The documents attached to one question."""
        return [piece for piece in self.pieces if piece.champ_id == champ_id]

    def pages(self) -> tuple[Page, ...]:
        """The pages that apply, given the answers so far."""
        return tuple(seen.page for seen in self.etat().pages)

    def etat(self) -> EtatFormulaire:
        """The form as it stands with these answers."""
        return etat_du_formulaire(self.definition, self.reponses, self.circonstances)


def identite_prefill(personne: Personne | None) -> dict[str, str]:
    """What the sign-in gives to fill fields with: definition key to text; empty for who is not signed in."""
    return known_of(personne.donnees) if personne is not None else {}


def known_of(donnees: Mapping[str, Any]) -> dict[str, str]:
    """What an identity gives to fill fields with: definition key to text."""
    found: dict[str, str] = {}
    for key, name in _IDENTITE.items():
        value = donnees.get(name)
        if isinstance(value, list):
            value = " ".join(value)
        if value and not (name == "naissance" and "-00" in value):
            found[key] = str(value)
    return found


async def start(ctx: Contexte, slug: str) -> Brouillon:
    """The person's draft of a démarche, made if there is none.

    SignInRequiredError where the démarche asks for an identity and nobody is signed in; NotFoundError where it is not
    open here. A draft begun without account on this browser becomes the account's at sign-in.
    """
    offre = await get_offre(ctx.db, ctx.collectivite.id, slug)
    if not offre.en_ligne:
        raise NotFoundError("Cette démarche ne se fait pas en ligne ici : adressez-vous à la mairie.")
    if ctx.usager_id is None and "aucune" not in offre.definition.identites:
        raise SignInRequiredError("Identifiez-vous pour commencer cette démarche.")
    jeton = fingerprint(ctx.temoin)
    draft = await repository.find_draft(ctx.db, ctx.collectivite.id, slug, ctx.usager_id, jeton)
    if draft is None:
        draft = await _make(ctx, offre, jeton)
    elif draft.usager_id is None and ctx.usager_id is not None:
        await repository.update_dossier(
            ctx.db, draft, ctx.now, usager_id=ctx.usager_id, niveau_identite=_niveau(ctx.personne)
        )
        await _prefill(ctx, draft, offre.definition)
    return await load(ctx, draft)


def _niveau(personne: Personne | None) -> str:
    return personne.niveau if personne else "declaree"


async def _make(ctx: Contexte, offre: Offre, jeton: bytes) -> Dossier:
    if ctx.usager_id is None:
        await ctx.own_jeton()
    draft = await repository.add_draft(
        ctx.db,
        collectivite_id=ctx.collectivite.id,
        id=uuid7(),
        slug=offre.definition.slug,
        version_id=offre.version_id,
        surcouche_id=offre.surcouche_id,
        titre=offre.definition.titre,
        usager_id=ctx.usager_id,
        jeton_empreinte=None if ctx.usager_id else jeton,
        canal="web",
        etat="brouillon",
        niveau_identite=_niveau(ctx.personne),
        demandeur={},
        cree_le=ctx.now,
        modifie_le=ctx.now,
    )
    if draft is not None:
        await record(ctx, "demarches:dossier:commencer", str(draft.id), ctx.collectivite.id, slug=draft.slug)
        await _prefill(ctx, draft, offre.definition)
        return draft
    slug = offre.definition.slug
    draft = await repository.find_draft(ctx.db, ctx.collectivite.id, slug, ctx.usager_id, jeton)
    if draft is None:
        raise NotFoundError(ABSENT)
    return draft


async def _prefill(ctx: Contexte, draft: Dossier, definition: Definition) -> None:
    await fill(ctx, draft, definition, identite_prefill(ctx.personne))


async def fill(ctx: Contexte, draft: Dossier, definition: Definition, known: Mapping[str, str]) -> None:
    """Answers what is known already and was not answered yet."""
    if not known:
        return
    answered = {row.champ_id for row in await repository.list_reponses(ctx.db, draft)}
    rows = []
    for champ in definition.champs():
        if champ.prerempli and champ.prerempli in known and champ.id not in answered:
            typed = entrees_de(champ, known[champ.prerempli])
            rows.append(_row(ctx, draft, champ.id, known[champ.prerempli], typed))
    await repository.save_reponses(ctx.db, rows)


def _row(
    ctx: Contexte, draft: Dossier, champ_id: str, valeur: Any, brut: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    return {
        "collectivite_id": draft.collectivite_id,
        "dossier_id": draft.id,
        "champ_id": champ_id,
        "valeur": valeur,
        "brut": {name: list(values) for name, values in brut.items()},
        "version": 1,
        "modifie_le": ctx.now,
    }


async def access_draft(ctx: Contexte, dossier_id: UUID, *, lock: bool = False) -> Dossier:
    """The person's own draft on this host, or NotFoundError; ConflictError once it has been submitted.

    On the desk: a draft that agents fill for somebody, of any collectivité they serve; colleagues share it.
    """
    if ctx.hote.genre == "agents":
        return await _access_for_somebody(ctx, dossier_id, lock=lock)
    dossier = await repository.get_dossier(ctx.db, ctx.collectivite.id, dossier_id, lock=lock)
    if dossier is None or not owns(ctx, dossier):
        raise absent(ctx)
    if dossier.etat != "brouillon":
        raise DejaDeposeError(dossier.id)
    return dossier


def absent(ctx: Contexte) -> BusinessError:
    """What to say of a dossier that this visitor may not see: sign in first, for who is not; else that it is absent."""
    return (
        SignInRequiredError("Identifiez-vous pour continuer.")
        if ctx.personne is None
        else NotFoundError(ABSENT)
    )


async def _access_for_somebody(ctx: Contexte, dossier_id: UUID, *, lock: bool) -> Dossier:
    if ctx.personne is None or ctx.personne.agent_id is None:
        raise SignInRequiredError("Identifiez-vous avec ProConnect pour continuer.")
    dossier = await repository.find_dossier(ctx.db, dossier_id)
    # What a resident has not submitted yet is nobody else's to read, even in the perimeter.
    if dossier is None or dossier.canal == "web" or dossier.collectivite_id not in ctx.personne.collectivites:
        raise NotFoundError("Cette saisie n’existe pas, ou a été abandonnée.")
    await write_in(ctx.db, dossier.collectivite_id)
    if lock:
        dossier = await repository.find_dossier(ctx.db, dossier_id, lock=True)
    if dossier is None or dossier.etat != "brouillon":
        raise DejaDeposeError(dossier_id)
    return dossier


class DejaDeposeError(ConflictError):
    """The draft has become a dossier: the page leads to it."""

    code = "deja_depose"

    def __init__(self, dossier_id: UUID) -> None:
        super().__init__("Ce dossier est déjà déposé : il ne peut plus être modifié ici.")
        self.dossier_id = dossier_id


def owns(ctx: Contexte, dossier: Dossier) -> bool:
    """Whether the dossier is this person's: by account, or by this browser's secret when it has none."""
    if dossier.usager_id is not None:
        return dossier.usager_id == ctx.usager_id
    return dossier.jeton_empreinte is not None and dossier.jeton_empreinte == fingerprint(ctx.temoin)


async def load(ctx: Contexte, dossier: Dossier) -> Brouillon:
    """A draft with its answers and documents: three statements, whatever their number (four on the desk).

    An e-mail address is asked of those who file online (CRPA R112-9-1), never of those who come to the counter.
    """
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    if dossier.canal != "web":
        definition = facultatif(definition, "identite.courriel")
    if ctx.personne and ctx.personne.niveau == "franceconnect" and not ctx.personne.donnees.get("prenoms"):
        # FranceConnect knows people who have no first name (born abroad): they need not invent one.
        definition = facultatif(definition, "identite.prenoms")
    collectivite = ctx.hote.collectivite
    if collectivite is None:
        collectivite = (await list_vues(ctx.db, [dossier.collectivite_id]))[dossier.collectivite_id]
    rows = await repository.list_reponses(ctx.db, dossier)
    pieces = await repository.list_pieces(ctx.db, dossier)
    return Brouillon(
        dossier,
        definition,
        collectivite,
        {row.champ_id: row.valeur for row in rows if row.valeur is not None},
        {row.champ_id: row.brut for row in rows},
        pieces,
        circonstances_of(ctx.today(collectivite.fuseau), dossier.canal, collectivite),
    )


def circonstances_of(jour: date | None, canal: str, collectivite: CollectiviteVue) -> Circonstances:
    """What the rules of a form may know beside the answers, on a day."""
    return Circonstances(jour, jour, canal, collectivite.code_insee, collectivite.population)


async def save_page(ctx: Contexte, draft: Brouillon, page: Page, brut: Mapping[str, Sequence[str]]) -> Saisie:
    """Keeps everything typed on a page, right or wrong, in one statement; the result says what is wrong.

    Reading the answers is pure computation; it takes no lock: the last save of a field wins, and counts as a version.
    """
    saisie = parse_page(draft.definition, page, brut, draft.reponses, draft.circonstances)
    rows = []
    for champ in page.champs:
        typed = champ.genre.prendre(champ, saisie.brut)
        if champ.id in saisie.valeurs or typed:
            rows.append(_row(ctx, draft.dossier, champ.id, saisie.valeurs.get(champ.id), typed))
            draft.brut[champ.id] = {name: list(values) for name, values in typed.items()}
    for champ_id, valeur in saisie.valeurs.items():
        if valeur is None:
            draft.reponses.pop(champ_id, None)
        else:
            draft.reponses[champ_id] = valeur
    await repository.save_reponses(ctx.db, rows)
    return saisie


async def save_champs(
    ctx: Contexte, draft: Brouillon, ids: Collection[str], brut: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Autosave of some questions as they are typed, in one statement; soft remarks on what is no answer yet.

    NotFoundError for a question that this démarche does not have.
    """
    known = {champ.id: champ for champ in draft.definition.champs() if champ.repond}
    if not set(ids) <= known.keys():
        raise NotFoundError(
            "Cette question ne fait plus partie de la démarche. Rechargez la page et recommencez."
        )
    today = ctx.today(draft.collectivite.fuseau)
    rows, remarks = [], {}
    for champ_id in ids:
        typed = parse_champ(known[champ_id], brut, draft.reponses, today)
        rows.append(_row(ctx, draft.dossier, champ_id, typed.valeur, typed.brut))
        draft.reponses.pop(champ_id, None)
        if typed.valeur is not None:
            draft.reponses[champ_id] = typed.valeur
        if typed.erreur:
            remarks[champ_id] = typed.erreur
    await repository.save_reponses(ctx.db, rows)
    return remarks


async def discard(ctx: Contexte, dossier_id: UUID) -> None:
    """Deletes the person's draft; the bytes of its documents are destroyed once that is committed."""
    draft = await access_draft(ctx, dossier_id, lock=True)
    for piece in await repository.list_pieces(ctx.db, draft):
        await emit(ctx.db, "demarches:detruire_objet", objet_id=piece.id)
    await repository.delete_draft(ctx.db, draft)
    await record(ctx, "demarches:dossier:abandonner", str(draft.id), draft.collectivite_id, slug=draft.slug)
