"""Who plays in the tests, and the dossiers they can have: made by the real services, under the real perimeters.

The communes, agents and rights are those of `kumun demo charger`; Rozenn and Yann are people of FranceConnect's
simulator, with the account that a first sign-in on that host would give them.
"""

import io
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from PIL import Image
from sqlalchemy import select

from app.demarches.models import Dossier
from app.demarches.service import avis, brouillons, depot, exports, instruction, pieces, saisie, suivi
from app.demarches.service.reponses import save_page
from app.identite import repository as identite
from app.identite.domain import identite_franceconnect
from app.socle.antivirus import Analyse, Verdict
from app.socle.ids import uuid7
from app.socle.televersement import FilePart
from simulateurs.franceconnect.identities import IDENTITY_SCOPES, load_people
from tests.outillage.portail import SIMULATEURS, Portail

ISSUER = f"{SIMULATEURS}/franceconnect/api/v2"
# What answers acte-naissance for somebody else, with the document that proves it.
REPONSES: dict[str, dict[str, str]] = {
    "document": {"type_acte": "copie_integrale", "pour_qui": "autre", "nombre": "1"},
    "personne": {
        "personne_nom": "LE GALLOU",
        "personne_prenoms": "Maïwenn",
        "personne_date_naissance-jour": "27",
        "personne_date_naissance-mois": "3",
        "personne_date_naissance-annee": "2015",
        "lien": "parent",
    },
    "parents": {"parent1_nom": "LE GALLOU", "parent1_prenoms": "Rozenn Marie Annick"},
    "vous": {
        "nom": "LE GALLOU",
        "prenoms": "Rozenn Marie Annick",
        "adresse-ligne": "3 rue du Four",
        "adresse-code_postal": "22200",
        "adresse-commune": "Guingamp",
        "courriel": "rozenn@courriel.example",
        "telephone": "02 61 91 12 34",
    },
}


@dataclass(frozen=True)
class Cast:
    """Communes by slug, agents by first name in lower case; `compte` gives a resident's account."""

    communes: dict[str, UUID]
    agents: dict[str, UUID]


@dataclass(frozen=True)
class Compte:
    """A resident's account on a host: what `Portail.ouvrir_session(usager=compte.paire)` takes."""

    usager_id: UUID
    identite_id: UUID

    @property
    def paire(self) -> tuple[UUID, UUID]:
        """(account, identity)."""
        return self.usager_id, self.identite_id


@dataclass(frozen=True)
class DossierEssai:
    """A dossier of the cast and the ids of what hangs under it."""

    id: UUID
    collectivite_id: UUID
    usager_id: UUID | None
    commune: str
    numero: str = ""
    piece_id: UUID | None = None
    document_id: UUID | None = None


async def load_cast(portail: Portail) -> Cast:
    """The ids of everybody."""
    sql = portail.base.sql
    return Cast(
        communes=dict(sql("SELECT slug, id FROM socle_collectivite")),
        agents={
            prenom.lower().replace("ë", "e").replace("é", "e"): id_
            for prenom, id_ in sql("SELECT prenom, id FROM socle_agent")
        },
    )


async def compte(portail: Portail, personne: str = "rozenn", commune: str = "guingamp") -> Compte:
    """The account of somebody of the simulator on a commune's host, made if there is none."""
    person = load_people()[personne]
    claims = person.claims(IDENTITY_SCOPES, "fi-demonstration")
    async with portail.noyau.db.session() as session:
        row = await identite.ouvrir_compte(
            session,
            new_id=uuid7(),
            emetteur=ISSUER,
            entite=f"kumun-{commune}",
            sub=f"essai-{personne}-{commune}",
            niveau="franceconnect",
            donnees=identite_franceconnect(claims),
            now=portail.clock.now(),
        )
    return Compte(row.usager_id, row.identite_id)


class Sain:
    """A scanner that finds nothing in anything."""

    obligatoire = True

    async def analyse(self, data: bytes) -> Analyse:
        return Analyse(Verdict.SAIN)


def image_jpeg() -> bytes:
    """A small true photograph."""
    out = io.BytesIO()
    Image.effect_noise((120, 80), 40).save(out, "JPEG")
    return out.getvalue()


async def brouillon(
    portail: Portail, personne: str = "rozenn", commune: str = "guingamp", slug: str = "acte-naissance"
) -> DossierEssai:
    """A draft just begun."""
    who = await compte(portail, personne, commune)
    session = await portail.ouvrir_session(commune, usager=who.paire)
    async with portail.contexte(commune, session=session) as ctx:
        draft = (await brouillons.start(ctx, slug)).dossier
    return DossierEssai(draft.id, draft.collectivite_id, who.usager_id, commune)


async def brouillon_rempli(
    portail: Portail, personne: str = "rozenn", commune: str = "guingamp"
) -> DossierEssai:
    """A draft of acte-naissance that only waits to be submitted, with one document attached."""
    draft = await brouillon(portail, personne, commune)
    session = await portail.ouvrir_session(commune, usager=(await compte(portail, personne, commune)).paire)
    async with portail.contexte(commune, session=session) as ctx:
        found = await _load(ctx, draft.id)
        champ = found.definition.champ("justificatif_lien")
        fichier = FilePart(champ.id, "livret.jpg", data=image_jpeg())
        piece = await pieces.receive(portail.noyau, draft.collectivite_id, champ, fichier, 0)
        await pieces.attach(ctx, found.dossier, piece)
        for etape in found.definition.pages:
            brut = {name: [value] for name, value in REPONSES[etape.id].items()}
            saisie = (await save_page(ctx, found, etape, brut)).saisie
            assert not saisie.erreurs, saisie.erreurs
    return DossierEssai(draft.id, draft.collectivite_id, draft.usager_id, commune, piece_id=piece.id)


async def _load(ctx: Any, dossier_id: UUID) -> brouillons.Brouillon:
    return await brouillons.load(ctx, await brouillons.access_draft(ctx, dossier_id))


async def dossier_depose(
    portail: Portail, personne: str = "rozenn", commune: str = "guingamp"
) -> DossierEssai:
    """A dossier that was submitted, with one document; its jobs wait (`run_jobs`)."""
    draft = await brouillon_rempli(portail, personne, commune)
    session = await portail.ouvrir_session(commune, usager=(await compte(portail, personne, commune)).paire)
    async with portail.contexte(commune, session=session) as ctx:
        dossier, manques = await depot.submit(ctx, draft.id)
    assert not manques, manques
    return DossierEssai(
        draft.id, draft.collectivite_id, draft.usager_id, commune, dossier.numero or "", draft.piece_id
    )


async def dossier_instruit(
    portail: Portail, agent: str = "maelle", personne: str = "rozenn", commune: str = "guingamp"
) -> DossierEssai:
    """A dossier with something in every table: messages both ways, an internal note, a document asked again."""
    dossier = await dossier_depose(portail, personne, commune)
    cast = await load_cast(portail)
    desk = await portail.ouvrir_session("agents", agent=cast.agents[agent])
    async with portail.contexte("agents", session=desk) as ctx:
        await instruction.claim(ctx, dossier.id)
    async with portail.contexte("agents", session=desk) as ctx:
        await instruction.write_message(ctx, dossier.id, "Bonjour, nous regardons.", interne=False)
        await instruction.write_message(ctx, dossier.id, "Note entre agents.", interne=True)
    async with portail.contexte("agents", session=desk) as ctx:
        await instruction.ask_complement(
            ctx, dossier.id, "justificatif_lien", "La photo est floue.", date(2026, 12, 20)
        )
    session = await portail.ouvrir_session(commune, usager=(await compte(portail, personne, commune)).paire)
    async with portail.contexte(commune, session=session) as ctx:
        await suivi.write_message(ctx, dossier.id, "Merci.")
    return dossier


async def avis_demande(portail: Portail, dossier: DossierEssai, agent: str = "maelle") -> UUID:
    """An opinion asked of somebody outside, on a dossier that this agent instructs."""
    cast = await load_cast(portail)
    desk = await portail.ouvrir_session("agents", agent=cast.agents[agent])
    asked = avis.DemandeAvis(
        "Une objection ?", "Gestionnaire de réseau", date(2026, 12, 20), "expert@reseau.example"
    )
    async with portail.contexte("agents", session=desk) as ctx:
        return await avis.ask(ctx, dossier.id, asked)


async def saisie_guichet(portail: Portail, agent: str = "maelle", commune: str = "guingamp") -> UUID:
    """The draft that an agent fills for somebody at the counter."""
    cast = await load_cast(portail)
    desk = await portail.ouvrir_session("agents", agent=cast.agents[agent])
    opening = saisie.Ouverture(
        {},
        collectivite_id=cast.communes[commune],
        slug="acte-naissance",
        canal="guichet",
        identite={"prenoms": ["Soizic"], "nom_naissance": "LE BRAS"},
    )
    made = uuid7()
    async with portail.contexte("agents", session=desk) as ctx:
        await saisie.start(ctx, opening, made)
    return made


async def decider(
    portail: Portail, dossier: DossierEssai, agent: str = "maelle", sens: Any = "accepte"
) -> None:
    """An agent takes a dossier and decides it."""
    cast = await load_cast(portail)
    desk = await portail.ouvrir_session("agents", agent=cast.agents[agent])
    async with portail.contexte("agents", session=desk) as ctx:
        await instruction.claim(ctx, dossier.id)
        await instruction.decide(ctx, dossier.id, sens, "" if sens == "accepte" else "Pièces insuffisantes.")


async def relire(portail: Portail, dossier_id: UUID) -> Dossier:
    """The row of a dossier as it is now, whatever the perimeter."""
    async with portail.noyau.db.hors_cloison("a test reads a row") as session:
        return (await session.execute(select(Dossier).where(Dossier.id == dossier_id))).scalar_one()


async def export(portail: Portail, commune: str, agent: str, slug: str = "acte-naissance") -> UUID:
    """An export that an agent asks for; its job makes it."""
    cast = await load_cast(portail)
    session = await portail.ouvrir_session("agents", agent=cast.agents[agent])
    async with portail.contexte("agents", session=session) as ctx:
        demande = exports.Demande(cast.communes[commune], slug, "csv", tuple(e.value for e in exports.ETATS))
        return await exports.request(ctx, demande, "Acte de naissance")
