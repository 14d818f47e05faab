"""Filling a démarche: one draft per person, every answer a row, nothing typed lost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.demarches.definitions import Definition, Page
from app.demarches.domain import Decrit, EtatFormulaire, entrees_de, etat_du_formulaire, facultatif
from app.demarches.domain.representation import genre_de
from app.demarches.expressions import Circonstances
from app.demarches.models import Dossier, Piece
from app.demarches.repository import dossiers as repository
from app.demarches.repository import remplissage
from app.demarches.repository.remplissage import Contenu, Reponse
from app.demarches.service import acces
from app.demarches.service.catalogue import Offre, definition_of, get_offre
from app.demarches.service.connu import given_to, known_for
from app.demarches.service.referentiels import Offert, offer
from app.socle.audit import record
from app.socle.contexte import Contexte
from app.socle.db import write_in
from app.socle.errors import BusinessError, ConflictError, ForbiddenError, NotFoundError, SignInRequiredError
from app.socle.hosts import CollectiviteVue, list_vues
from app.socle.ids import fingerprint, uuid7
from app.socle.jobs import emit
from app.socle.langues import N_
from app.socle.sessions import Personne

ABSENT = N_(
    "Ce dossier n’existe pas, ou n’est pas le vôtre. Vérifiez l’adresse, ou retrouvez-le dans « Mon espace »."
)


@dataclass
class Brouillon:
    """A draft with all that is needed to show it."""

    dossier: Dossier
    definition: Definition
    collectivite: CollectiviteVue
    contenu: Contenu = field(default_factory=Contenu)
    reponses: dict[str, Any] = field(default_factory=dict)
    brut: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    circonstances: Circonstances = field(default_factory=Circonstances)
    offerts: dict[str, Offert] = field(default_factory=dict)
    _etat: EtatFormulaire | None = None

    @property
    def pieces(self) -> list[Piece]:
        """The documents attached, in the order of their arrival."""
        return self.contenu.pieces

    @property
    def enregistre_le(self) -> datetime:
        """When something of it was last saved."""
        return max((r.modifie_le for r in self.contenu.reponses.values()), default=self.dossier.modifie_le)

    def keep(self, champ_id: str, reponse: Reponse) -> None:
        """Takes an answer as it has just been written."""
        self.contenu.reponses[champ_id] = reponse
        self.brut[champ_id] = reponse.brut
        self._etat = None
        self.reponses.pop(champ_id, None)
        if reponse.valeur is not None:
            self.reponses[champ_id] = reponse.valeur

    def stands(self, etat: EtatFormulaire) -> None:
        """Takes the form as it stands with these very answers, from who has just worked it out."""
        self._etat = etat

    def pieces_de(self, champ_id: str) -> list[Piece]:
        """The documents attached to one question."""
        return [piece for piece in self.pieces if piece.champ_id == champ_id]

    def documents(self) -> dict[str, list[Decrit]]:
        """What is said of the documents attached, by question."""
        found: dict[str, list[Decrit]] = {}
        for piece in self.pieces:
            found.setdefault(piece.champ_id, []).append(piece.decrit)
        return found

    @property
    def aujourd_hui(self) -> date:
        """The day of filling, where the collectivité is."""
        return self.circonstances.aujourdhui or date.max

    def pages(self) -> tuple[Page, ...]:
        """The pages that apply, given the answers so far."""
        return tuple(seen.page for seen in self.etat().pages)

    def etat(self) -> EtatFormulaire:
        """The form as it stands with these answers."""
        if self._etat is None:
            self._etat = etat_du_formulaire(self.definition, self.reponses, self.circonstances)
        return self._etat


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
    found = None
    # Nothing belongs to a browser whose secret was made by this very request.
    if ctx.usager_id is not None or not ctx.temoin_neuf:
        found = await remplissage.find_draft(ctx.db, ctx.collectivite.id, slug, ctx.usager_id, jeton)
    if found is None:
        found = await _make(ctx, offre, jeton)
    dossier, contenu = found
    if dossier.usager_id is None and ctx.usager_id is not None:
        niveau = _niveau(ctx.personne)
        await repository.update_dossier(
            ctx.db, dossier, ctx.now, usager_id=ctx.usager_id, niveau_identite=niveau
        )
        await fill(
            ctx, dossier, contenu, offre.definition, known_for(ctx.personne, dossier, offre.definition)
        )
    return await _assembled(ctx, dossier, contenu)


def _niveau(personne: Personne | None) -> str:
    return personne.niveau if personne else "declaree"


async def _make(ctx: Contexte, offre: Offre, jeton: bytes) -> tuple[Dossier, Contenu]:
    if ctx.usager_id is None:
        await ctx.own_jeton()
    slug = offre.definition.slug
    draft = await repository.add_draft(
        ctx.db,
        collectivite_id=ctx.collectivite.id,
        id=uuid7(),
        slug=slug,
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
        await record(ctx, "demarches:dossier:commencer", str(draft.id), ctx.collectivite.id, slug=slug)
        contenu = Contenu()
        await fill(ctx, draft, contenu, offre.definition, known_for(ctx.personne, draft, offre.definition))
        return draft, contenu
    # The same person began at the same moment, in another tab.
    found = await remplissage.find_draft(ctx.db, ctx.collectivite.id, slug, ctx.usager_id, jeton)
    if found is None:
        raise NotFoundError(ABSENT)
    return found


async def fill(
    ctx: Contexte, draft: Dossier, contenu: Contenu, definition: Definition, known: Mapping[str, Any]
) -> None:
    """Answers what is known already and was not answered yet: definition key to value."""
    answers = [
        (champ, value)
        for champ in definition.champs()
        if champ.id not in contenu.reponses and (value := given_to(champ, known)) is not None
    ]
    await give(ctx, draft, contenu, {champ.id: (v, entrees_de(champ, v)) for champ, v in answers})


async def give(
    ctx: Contexte,
    draft: Dossier,
    contenu: Contenu,
    answers: Mapping[str, tuple[Any, dict[str, list[str]]]],
    origine: str = "",
) -> None:
    """Writes answers that no form typed: question to (value, inputs that stand for it)."""
    rows = [
        {"champ_id": id_, "valeur": valeur, "brut": brut, "connue": 0}
        for id_, (valeur, brut) in answers.items()
    ]
    versions = await remplissage.save_answers(
        ctx.db, draft, rows, origine=origine, auteur=ctx.acteur, now=ctx.now
    )
    for id_, version in versions.items():
        valeur, brut = answers[id_]
        contenu.reponses[id_] = Reponse(valeur, brut, version, origine, ctx.acteur, ctx.now)


async def access_draft(ctx: Contexte, dossier_id: UUID, *, lock: bool = False) -> Dossier:
    """The person's own draft on this host, or NotFoundError; ConflictError once it has been submitted.

    On the desk: a draft that agents fill for somebody, of any collectivité they serve; colleagues share it.
    """
    if ctx.hote.genre == "agents":
        return await _access_for_somebody(ctx, dossier_id, lock=lock)
    return (await _read_own(ctx, dossier_id, lock=lock))[0]


async def _read_own(
    ctx: Contexte, dossier_id: UUID, *, lock: bool, champs: Collection[str] | None = None
) -> tuple[Dossier, Contenu]:
    async def read() -> tuple[Dossier, Contenu] | None:
        if champs is not None:
            return await remplissage.read_some(ctx.db, ctx.collectivite.id, dossier_id, champs)
        return await remplissage.read_draft(ctx.db, ctx.collectivite.id, dossier_id, lock=lock)

    found = await read()
    if found is None and await acces.entrust(ctx, dossier_id):
        found = await read()
    if found is None or not owns(ctx, found[0]):
        raise absent(ctx)
    if found[0].etat != "brouillon":
        raise DejaDeposeError(dossier_id)
    return found


async def open_any(ctx: Contexte, dossier_id: UUID) -> Dossier:
    """The person's own draft or dossier on this host, whatever its state; refuses as `access_draft` otherwise."""
    found = await remplissage.find_receipt(ctx.db, dossier_id)
    if found is None and await acces.entrust(ctx, dossier_id):
        found = await remplissage.find_receipt(ctx.db, dossier_id)
    if found is None or not owns(ctx, found[0]) or found[0].collectivite_id != ctx.collectivite.id:
        raise absent(ctx)
    return found[0]


async def open_draft(ctx: Contexte, dossier_id: UUID, *, lock: bool = False) -> Brouillon:
    """The draft with its answers and documents, in one statement (a few on the desk); refuses as `access_draft`.

    With `lock`, it cannot be submitted while this transaction writes in it.
    """
    if ctx.hote.genre == "agents":
        return await load(ctx, await _access_for_somebody(ctx, dossier_id, lock=lock))
    return await _assembled(ctx, *await _read_own(ctx, dossier_id, lock=lock))


async def open_for(ctx: Contexte, dossier_id: UUID, champs: Collection[str]) -> tuple[Brouillon, bool]:
    """The draft locked as by `open_draft`, to write some questions; and whether all of its answers are there.

    They are when something of the form depends on these questions, or these on others. Otherwise the draft has their
    answers alone: nothing else of the form can change.
    """
    if ctx.hote.genre == "agents":
        return await open_draft(ctx, dossier_id, lock=True), True
    dossier, contenu = await _read_own(ctx, dossier_id, lock=True, champs=champs)
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    if definition.depend(champs):
        return await load(ctx, dossier), True
    return await _assembled(ctx, dossier, contenu), False


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
        super().__init__(N_("Ce dossier est déjà déposé : il ne peut plus être modifié ici."))
        self.dossier_id = dossier_id


def owns(ctx: Contexte, dossier: Dossier) -> bool:
    """Whether the dossier is this person's: by account, by this browser's secret when it has none, or entrusted."""
    confie: tuple[UUID, str] | None = ctx.db.info.get("confie")
    if confie is not None and confie[0] == dossier.id:
        return True
    if dossier.usager_id is not None:
        return dossier.usager_id == ctx.usager_id
    return dossier.jeton_empreinte is not None and dossier.jeton_empreinte == fingerprint(ctx.temoin)


@dataclass(frozen=True, slots=True)
class Accueil:
    """What must be known before the body of a form is read: that this person may write there, and what it may bring."""

    collectivite_id: UUID
    definition: Definition
    jointes: Sequence[str]


async def open_to_receive(ctx: Contexte, dossier_id: UUID) -> Accueil:
    """The right to write in a draft, in one statement, without its answers; refuses as `access_draft`."""
    if ctx.hote.genre == "agents":
        dossier = await _access_for_somebody(ctx, dossier_id, lock=False)
        jointes = [piece.champ_id for piece in await repository.list_pieces(ctx.db, dossier)]
    else:
        found = await remplissage.read_access(ctx.db, ctx.collectivite.id, dossier_id)
        if found is None and await acces.entrust(ctx, dossier_id):
            found = await remplissage.read_access(ctx.db, ctx.collectivite.id, dossier_id)
        if found is None or not owns(ctx, found[0]):
            raise absent(ctx)
        dossier, jointes = found
        if dossier.etat != "brouillon":
            raise DejaDeposeError(dossier_id)
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    return Accueil(dossier.collectivite_id, definition, jointes)


async def load(ctx: Contexte, dossier: Dossier) -> Brouillon:
    """A draft with its answers and documents as they are now, whatever their number."""
    contenu = await remplissage.read_content(ctx.db, dossier.collectivite_id, dossier.id)
    return await _assembled(ctx, dossier, contenu)


async def _assembled(ctx: Contexte, dossier: Dossier, contenu: Contenu) -> Brouillon:
    definition = await definition_of(ctx.db, dossier.version_id, dossier.surcouche_id)
    collectivite = ctx.hote.collectivite
    if collectivite is None:
        collectivite = (await list_vues(ctx.db, [dossier.collectivite_id]))[dossier.collectivite_id]
    draft = assemble(ctx, dossier, contenu, definition, collectivite)
    waiting = {id_: r.brut for id_, r in contenu.reponses.items() if r.valeur is None}
    draft.offerts = await offer(ctx, dossier.collectivite_id, draft.definition, waiting)
    return draft


def assemble(
    ctx: Contexte, dossier: Dossier, contenu: Contenu, definition: Definition, collectivite: CollectiviteVue
) -> Brouillon:
    """A draft out of what was read of it.

    An e-mail address is asked of those who file online (CRPA R112-9-1), never of those who come to the counter.
    """
    if dossier.canal != "web":
        definition = facultatif(definition, "identite.courriel")
    if ctx.personne and ctx.personne.niveau == "franceconnect" and not ctx.personne.donnees.get("prenoms"):
        # FranceConnect knows people who have no first name (born abroad): they need not invent one.
        definition = facultatif(definition, "identite.prenoms")
    return Brouillon(
        dossier,
        definition,
        collectivite,
        contenu,
        {id_: r.valeur for id_, r in contenu.reponses.items() if r.valeur is not None},
        {id_: r.brut for id_, r in contenu.reponses.items()},
        circonstances_of(ctx.today(collectivite.fuseau), dossier, collectivite),
    )


def circonstances_of(jour: date | None, dossier: Dossier, collectivite: CollectiviteVue) -> Circonstances:
    """What the rules of a form may know beside the answers, on a day."""
    return Circonstances(
        jour,
        jour,
        dossier.canal,
        collectivite.code_insee,
        collectivite.population,
        genre_de(dossier.beneficiaire),
    )


async def discard_anonymous(ctx: Contexte) -> None:
    """Deletes what this browser began here without account and asked no code for: nobody could find it again."""
    for dossier_id in await remplissage.list_lost(ctx.db, ctx.collectivite.id, fingerprint(ctx.temoin)):
        await discard(ctx, dossier_id)


async def discard(ctx: Contexte, dossier_id: UUID) -> None:
    """Deletes the person's draft; the bytes of its documents are destroyed once that is committed."""
    draft = await access_draft(ctx, dossier_id, lock=True)
    if not acces.may_submit(ctx, draft):
        raise ForbiddenError("Seule la personne qui a commencé ce dossier le supprime.")
    for piece in await repository.list_pieces(ctx.db, draft):
        await emit(ctx.db, "demarches:detruire_objet", objet_id=piece.id)
    await repository.delete_draft(ctx.db, draft)
    await record(ctx, "demarches:dossier:abandonner", str(draft.id), draft.collectivite_id, slug=draft.slug)
