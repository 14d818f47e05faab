"""Two communes, two residents of one of them, agents of each, and something of everybody in every table."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.socle.tenancy import Perimetre
from tests import cast as acteurs
from tests.cast import Cast, Compte, DossierEssai
from tests.outillage.portail import Portail
from tests.outillage.travaux import run_jobs

# What no journey of the cast makes.
_MORE = """
INSERT INTO collectivites_blason (collectivite_id, empreinte, type_mime, contenu, modifie_le)
SELECT id, md5(slug), 'image/png', 'x', now() FROM socle_collectivite;
INSERT INTO demarches_surcouche (collectivite_id, id, slug, contenu, cree_le)
SELECT id, encode(sha256(slug::bytea), 'hex'), 'acte-naissance', '{}', now() FROM socle_collectivite;
INSERT INTO demarches_attente (collectivite_id, id, dossier_id, etape, genre, libelle, automatique, ouverte_le)
SELECT collectivite_id, id, id, 'droit', 'paiement', 'Redevance', false, now() FROM demarches_dossier
WHERE depose_le IS NOT NULL;
INSERT INTO demarches_alerte (collectivite_id, dossier_id, genre, echeance, palier, creee_le)
SELECT collectivite_id, id, 'silence', '2026-12-24', 7, now() FROM demarches_dossier WHERE depose_le IS NOT NULL;
INSERT INTO demarches_point (collectivite_id, cle, url, secret, modifie_le, modifie_par)
SELECT id, 'sig', 'https://sig.exemple.fr/', 'x', now(), 'Maëlle' FROM socle_collectivite;
INSERT INTO demarches_appel (collectivite_id, id, dossier_id, etape, point, libelle, bloquant, corps, cree_le)
SELECT collectivite_id, id, id, 'droit', 'sig', 'SIG', false, '{}', now() FROM demarches_dossier
WHERE depose_le IS NOT NULL;
INSERT INTO demarches_quota (collectivite_id, id, slug, champ_id, option, saison, places)
SELECT id, id, 'acte-naissance', 'x', 'x', '2026', 2 FROM socle_collectivite;
INSERT INTO demarches_place (collectivite_id, dossier_id, quota_id, etat, rang)
SELECT collectivite_id, id, collectivite_id, 'prise', 0 FROM demarches_dossier WHERE depose_le IS NOT NULL;
INSERT INTO demarches_rappel (collectivite_id, mois) SELECT id, '2026-11-01' FROM socle_collectivite;
INSERT INTO socle_sms_quota (collectivite_id, par_mois) SELECT id, 10 FROM socle_collectivite;
INSERT INTO socle_sms_mois (collectivite_id, mois, segments) SELECT id, '2026-11-01', 1 FROM socle_collectivite;
INSERT INTO demarches_transmission (collectivite_id, dossier_id, organisme, motif, par, transmis_le)
SELECT collectivite_id, id, 'Préfecture', 'Route nationale', 'Maëlle', now() FROM demarches_dossier
WHERE depose_le IS NOT NULL;
INSERT INTO demarches_proposition (collectivite_id, dossier_id, sens, motif, agent_id, par, proposee_le)
SELECT collectivite_id, dossier_id, 'accepte', '', agent_id, 'Maëlle', now() FROM demarches_decision;
INSERT INTO demarches_nouveaute (collectivite_id, slug, version_id, cree_le)
SELECT collectivite_id, slug, version_id, now() FROM demarches_adoption WHERE slug = 'acte-naissance';
UPDATE socle_habilitation h SET role = 'administrateur' FROM socle_agent a
WHERE a.id = h.agent_id AND prenom = 'Maëlle';
INSERT INTO demarches_version (id, slug, contenu, publiee_le, proprietaire_id)
SELECT encode(sha256(c.slug::bytea), 'hex'), 'local-plage', v.contenu || '{"slug": "local-plage"}', now(), c.id
FROM socle_collectivite c, demarches_version v WHERE v.slug = 'acte-naissance';
INSERT INTO demarches_publication (id, proprietaire_id, slug, numero, version_id, publiee_le, auteur)
SELECT proprietaire_id, proprietaire_id, slug, 1, id, now(), 'x' FROM demarches_version WHERE slug = 'local-plage';
INSERT INTO demarches_chantier (id, proprietaire_id, slug, contenu, cree_le, modifie_le, modifie_par)
SELECT proprietaire_id, proprietaire_id, slug, contenu, now(), now(), 'x' FROM demarches_version
WHERE slug = 'local-plage';
INSERT INTO demarches_pas (chantier_id, revision, contenu, geste, auteur, quand)
SELECT id, 1, contenu, 'x', 'x', now() FROM demarches_chantier;
INSERT INTO demarches_scenario (id, proprietaire_id, slug, nom, contenu, cree_le, auteur)
SELECT id, id, 'local-plage', 'x', '{"reponses": {}, "pieces": [], "jour": "2026-01-05", "etats": [], "attendu":
  {"pages": [], "questions": [], "obligatoires": [], "refus": {}, "reponses": {}, "silence": ""}}', now(), 'x'
FROM socle_collectivite;
INSERT INTO demarches_acces (collectivite_id, id, dossier_id, genre, code_empreinte, nom, cree_le, expire_le)
SELECT collectivite_id, gen_random_uuid(), id, 'invitation', sha256(id::text::bytea), 'Malo', cree_le,
  cree_le + interval '14 days' FROM demarches_dossier;
INSERT INTO collectivites_borne (collectivite_id, id, nom, code_expire_le, cree_par, cree_le, installee_le)
SELECT id, id, 'Accueil', now(), 'Maëlle', now(), now() FROM socle_collectivite;
INSERT INTO demarches_groupe (collectivite_id, id, nom) SELECT id, id, 'Accueil' FROM socle_collectivite;
INSERT INTO demarches_groupe_agent (collectivite_id, groupe_id, agent_id)
SELECT DISTINCT collectivite_id, collectivite_id, agent_id FROM socle_habilitation;
INSERT INTO demarches_routage (collectivite_id, slug, groupe_id)
SELECT id, 'acte-naissance', id FROM socle_collectivite;
INSERT INTO demarches_etiquette (collectivite_id, id, nom, ton)
SELECT id, id, 'Urgent', 'refus' FROM socle_collectivite;
INSERT INTO demarches_absence (collectivite_id, id, agent_id, remplacant_id, du, au, cree_le)
SELECT c.id, c.id, a.id, b.id, '2020-01-01', '2020-01-02', now() FROM socle_collectivite c,
  (SELECT id FROM socle_agent ORDER BY id LIMIT 1) a, (SELECT id FROM socle_agent ORDER BY id DESC LIMIT 1) b;
INSERT INTO demarches_referentiel (collectivite_id, id, nom, version, colonnes, nombre, publie_le, par)
SELECT id, id, 'ecoles', 1, '["cle"]', 1, now(), 'x' FROM socle_collectivite;
INSERT INTO demarches_referentiel_ligne
  (collectivite_id, referentiel_id, rang, cle, libelle, nom_plie, recherche, valeurs)
SELECT id, id, 1, slug, slug, slug, slug, '["x"]' FROM socle_collectivite;
INSERT INTO demarches_modele (collectivite_id, id, nom, texte)
SELECT id, id, 'Relance', 'Bonjour' FROM socle_collectivite;
INSERT INTO demarches_lot_ligne (collectivite_id, lot_id, rang, dossier_id, etat)
SELECT collectivite_id, collectivite_id, row_number() OVER (), id, 'fait' FROM demarches_dossier
WHERE depose_le IS NOT NULL;
INSERT INTO demarches_satisfaction (collectivite_id, slug, mois, note, nombre)
SELECT id, 'acte-naissance', '2026-11-01', 4, 3 FROM socle_collectivite;
INSERT INTO demarches_abandon (collectivite_id, slug, mois, page, nombre)
SELECT id, 'acte-naissance', '2026-11-01', 'vous', 3 FROM socle_collectivite;
INSERT INTO demarches_elimination (collectivite_id, id, slug, titre, avant_le, prevus, valide_par, valide_le)
SELECT id, id, 'acte-naissance', 'Acte', now(), 1, 'Maëlle', now() FROM socle_collectivite;
INSERT INTO demarches_lot (agent_id, id, acte, nombre, cree_le)
SELECT id, id, 'prendre', 1, now() FROM socle_agent WHERE prenom = 'Maëlle';
INSERT INTO demarches_vue_bureau (agent_id, id, nom, requete, cree_le)
SELECT id, id, 'À moi', 'agent=moi', now() FROM socle_agent WHERE prenom = 'Maëlle'
"""
# Each commune has a lieu, a room open for an hour, and a rendez-vous there; ids are the commune's own.
_RENDEZVOUS = """
INSERT INTO rendezvous_lieu (collectivite_id, id, nom) SELECT id, id, 'Mairie' FROM socle_collectivite;
INSERT INTO rendezvous_ressource (collectivite_id, id, nom, genre, occupant_id)
SELECT id, id, 'Salle', 'salle', id FROM socle_collectivite;
INSERT INTO rendezvous_motif (collectivite_id, id, nom, duree_premiere, duree_suivante)
SELECT id, id, 'Conseil', 20, 0 FROM socle_collectivite;
INSERT INTO rendezvous_besoin (collectivite_id, motif_id, rang, ressource_id)
SELECT id, id, 1, id FROM socle_collectivite;
INSERT INTO rendezvous_plage (collectivite_id, id, lieu_id, ressource_id, du, heure_debut, heure_fin)
SELECT id, id, id, id, '2027-01-04', '09:00', '10:00' FROM socle_collectivite;
INSERT INTO rendezvous_ouverture (collectivite_id, id, plage_id, lieu_id, ressource_id, debut, fin)
SELECT id, id, id, id, id, '2027-01-04 08:00Z', '2027-01-04 09:00Z' FROM socle_collectivite;
INSERT INTO rendezvous_absence (collectivite_id, id, occupant_id, debut, fin)
SELECT id, id, id, '2027-01-04 08:40Z', '2027-01-04 09:00Z' FROM socle_collectivite;
INSERT INTO rendezvous_seance (collectivite_id, id, motif_id, lieu_id, debut, fin, places)
SELECT id, id, id, id, '2027-01-05 08:00Z', '2027-01-05 09:00Z', 10 FROM socle_collectivite;
INSERT INTO rendezvous_reglage (collectivite_id) SELECT id FROM socle_collectivite;
INSERT INTO rendezvous_fermeture (collectivite_id, id, du, au)
SELECT id, id, '2027-05-07', '2027-05-07' FROM socle_collectivite;
INSERT INTO rendezvous_ticket (collectivite_id, id, lieu_id, jour, numero, pris_le)
SELECT id, id, id, '2027-01-04', 1, now() FROM socle_collectivite;
INSERT INTO rendezvous_mesure (collectivite_id, motif_id, jour, delai_jours)
SELECT id, id, '2027-01-04', 3 FROM socle_collectivite
"""
_RAPPELER = """
INSERT INTO rendezvous_rappel (collectivite_id, rendezvous_id, genre, demande_le) VALUES (:c, :c, 'deux_jours', now())
"""
_RETENIR = """
INSERT INTO rendezvous_rendezvous (collectivite_id, id, lieu_id, motif_id, debut, fin, fuseau, etat, personnes,
  usager_id, canal, cree_le, modifie_le, expire_le)
VALUES (:c, :c, :c, :c, '2027-01-04 08:00Z', '2027-01-04 08:20Z', 'Europe/Paris', 'retenu', 1, :usager, 'web',
  now(), now(), '2027-01-01')
"""


@dataclass(frozen=True)
class Monde:
    """Rozenn's things in Guingamp (`victime`, `brouillon`), Yann's there (`voisin`) and in Rennes (`ailleurs`).

    `saisie` is a draft filled for somebody at Guingamp's counter, `avis` an opinion asked outside on `victime`.
    """

    cast: Cast
    victime: DossierEssai
    brouillon: DossierEssai
    saisie: UUID
    avis: UUID
    export: UUID
    voisin: DossierEssai
    ailleurs: DossierEssai
    rozenn: Compte
    yann: Compte
    yann_rennes: Compte

    @property
    def guingamp(self) -> UUID:
        """The collectivité whose rows are looked for."""
        return self.cast.communes["guingamp"]

    @property
    def rennes(self) -> UUID:
        """The other one."""
        return self.cast.communes["rennes"]

    def perimetres(self) -> dict[str, Perimetre]:
        """Every kind of perimeter that the portal opens, and what it may read (see `permitted`)."""
        return {
            "aucun": Perimetre(),
            "anonyme": Perimetre(lecture=(self.rennes,), ecriture=self.rennes),
            "usager d'ailleurs": Perimetre(
                lecture=(self.rennes,), ecriture=self.rennes, usager=self.yann_rennes.usager_id
            ),
            "voisin": Perimetre(lecture=(self.guingamp,), ecriture=self.guingamp, usager=self.yann.usager_id),
            "mon espace du voisin": Perimetre(usager=self.yann.usager_id),
            "agent d'ailleurs": Perimetre(
                lecture=(self.rennes,), agent=self.cast.agents["katell"], instruction=True
            ),
            "agent d'ailleurs qui écrit": Perimetre(
                lecture=(self.rennes,),
                ecriture=self.rennes,
                agent=self.cast.agents["katell"],
                instruction=True,
            ),
            "travail d'ailleurs": Perimetre.pour_instruction(self.rennes),
        }


def foreign(row: dict[str, Any], perimetre: Perimetre, owners: dict[UUID, UUID | None]) -> bool:
    """Whether a row of a tenant table has no business being read under that perimeter."""
    if perimetre.instruction:
        return row["collectivite_id"] not in perimetre.lecture
    dossier = row.get("dossier_id") or (row["id"] if "numero" in row else None)
    if "export_id" in row or "extraits" in row:
        return True
    if "occupe" in row:
        return perimetre.usager is None or row["usager_id"] != perimetre.usager
    if dossier is not None:
        return perimetre.usager is None or owners[dossier] != perimetre.usager
    return row["collectivite_id"] not in perimetre.lecture


async def _retenir(portail: Portail, commune: UUID, compte: Compte) -> None:
    """Somebody holds twenty minutes of the commune's room."""
    async with portail.noyau.db.session(Perimetre.pour_instruction(commune)) as session:
        await session.execute(text(_RETENIR), {"c": commune, "usager": compte.usager_id})
        taken = await session.execute(text("SELECT rendezvous_occuper(:c, now())"), {"c": commune})
        assert taken.scalar_one()
        await session.execute(text(_RAPPELER), {"c": commune})


async def make_monde(portail: Portail) -> Monde:
    """Plays it all once, with the real services and jobs."""
    cast = await acteurs.load_cast(portail)
    # Photos that were scanned have a thumbnail.
    portail.noyau.antivirus = acteurs.Sain()
    victime = await acteurs.dossier_instruit(portail)
    voisin = await acteurs.dossier_instruit(portail, personne="yann")
    ailleurs = await acteurs.dossier_instruit(portail, agent="katell", personne="yann", commune="rennes")
    avis_id = await acteurs.avis_demande(portail, victime)
    await acteurs.avis_demande(portail, ailleurs, agent="katell")
    await acteurs.decider(portail, victime)
    await acteurs.decider(portail, voisin)
    await acteurs.decider(portail, ailleurs, agent="katell")
    brouillon = await acteurs.brouillon_rempli(portail)
    await acteurs.brouillon_rempli(portail, personne="yann")
    await acteurs.brouillon_rempli(portail, personne="yann", commune="rennes")
    saisie_id = await acteurs.saisie_guichet(portail)
    await run_jobs(portail)
    export = await acteurs.export(portail, "guingamp", "maelle")
    await acteurs.export(portail, "rennes", "katell")
    await run_jobs(portail)
    portail.base.sql(_MORE)
    portail.base.sql(_RENDEZVOUS)
    for commune, personne in (("guingamp", "rozenn"), ("rennes", "yann")):
        await _retenir(portail, cast.communes[commune], await acteurs.compte(portail, personne, commune))
    ((document_id,),) = portail.base.sql(
        "SELECT id FROM demarches_document WHERE dossier_id = %s AND genre = 'accuse'", victime.id
    )
    complete = DossierEssai(**{**victime.__dict__, "document_id": document_id})
    return Monde(
        cast=cast,
        victime=complete,
        brouillon=brouillon,
        saisie=saisie_id,
        avis=avis_id,
        export=export,
        voisin=voisin,
        ailleurs=ailleurs,
        rozenn=await acteurs.compte(portail),
        yann=await acteurs.compte(portail, "yann"),
        yann_rennes=await acteurs.compte(portail, "yann", "rennes"),
    )
