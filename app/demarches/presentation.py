"""From definitions and answers to the plain objects that templates draw; no rule lives here."""

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.demarches.definitions import THEMES, Champ, Definition, Page
from app.demarches.domain import EtatFormulaire, afficher, entrees_de, parties_repondues
from app.demarches.domain.etats import LIBELLES_ETAT, Etat
from app.demarches.models import Evenement, Message
from app.demarches.presentation_pieces import piece_vue
from app.demarches.service.brouillons import Brouillon
from app.demarches.service.catalogue import Offre
from app.demarches.service.connu import given_to
from app.demarches.service.liens import PAR_LIEN
from app.demarches.service.referentiels import Offert
from app.demarches.types import ContexteDeSaisie
from app.demarches.types.base import EtatDePartie
from app.demarches.types.bloc import avec_etats
from app.socle import vues
from app.socle.gabarits import euros
from app.socle.langues import N_

_PAR_LIEN = N_("Prérempli par le lien que vous avez suivi")
_TONS = {
    Etat.BROUILLON: "neutre",
    Etat.DEPOSE: "attente",
    Etat.EN_INSTRUCTION: "attente",
    Etat.EN_ATTENTE: "action",
    Etat.ACCEPTE: "succes",
    Etat.REFUSE: "refus",
    Etat.SANS_SUITE: "neutre",
    Etat.RETIRE: "neutre",
    Etat.TRANSMIS: "neutre",
}


@dataclass(frozen=True)
class Entete:
    """Title and summary in the reader's language; what has no translation is French, and said to be."""

    titre: str
    resume: str
    titre_francais: bool
    resume_francais: bool


def entete_of(definition: Definition, langue: str) -> Entete:
    """How a démarche is called for a reader of that language."""
    found = definition.traductions.dans(langue)
    resume = found.resume if found else ""
    titre = found.titre if found else definition.titre
    return Entete(titre, resume or definition.resume, found is None, not resume)


@dataclass(frozen=True)
class Carte:
    """A démarche in a list."""

    entete: Entete
    url: str
    en_ligne: bool
    duree: int


@dataclass(frozen=True)
class Famille:
    """A theme and its démarches."""

    titre: str
    url: str
    demarches: Sequence[Carte]


def familles_of(offres: Iterable[Offre], langue: str) -> list[Famille]:
    """Démarches by theme, what is done online first, called as in that language."""
    found: dict[str, list[Offre]] = {}
    for offre in offres:
        found.setdefault(offre.definition.theme, []).append(offre)
    return [
        Famille(
            label,
            "",
            [
                Carte(
                    entete_of(o.definition, langue),
                    f"/demarches/{o.definition.slug}",
                    o.en_ligne,
                    (o.definition.duree_minutes or 0) if o.en_ligne else 0,
                )
                for o in sorted(found[theme], key=lambda o: (not o.en_ligne, o.definition.titre_en(langue)))
            ],
        )
        for theme, label in THEMES.items()
        if theme in found
    ]


@functools.cache
def etiquette_of(etat: str) -> vues.Etiquette:
    """A state in words and colour."""
    known = Etat(etat)
    return vues.Etiquette(LIBELLES_ETAT[known], _TONS[known])


def champs_of(
    draft: Brouillon,
    page: Page,
    *,
    erreurs: Mapping[str, str],
    connues: Mapping[str, Any],
    source: str,
    remarques: Mapping[str, str] | None = None,
) -> list[vues.Champ]:
    """The questions of a page as they must be drawn: with what was typed, right or wrong, and where it comes from."""
    etat = draft.etat()
    found: list[vues.Champ] = []
    for part in next((seen.sections for seen in etat.pages if seen.page.id == page.id), ()):
        if part.section is not None:
            # No id of a field holds a dot: a title cannot be taken for one.
            title = f"partie.{part.section.id}"
            found.append(vues.Champ(title, "titre", part.section.titre, part.section.aide, obligatoire=False))
        for champ in part.champs:
            remark = (remarques or {}).get(champ.id, "")
            found.append(_champ(draft, champ, erreurs, connues, source, remark))
    return found


def annonces_of(etat: EtatFormulaire, page_id: str) -> list[str]:
    """What a page says as soon as it is known: why the request cannot be made, what does not agree, the price."""
    said = [*etat.inadmissible, *(r.phrase for r in etat.refus if r.page_id == page_id and not r.champ_id)]
    if etat.centimes is not None:
        said.append(f"Prix\u00a0: {euros(etat.centimes)}.")
    return said


def controles_of(etat: EtatFormulaire, page_id: str) -> dict[str, str]:
    """The sentences of the checks that answers of a page fail, by question."""
    return {r.champ_id: r.phrase for r in reversed(etat.refus) if r.page_id == page_id and r.champ_id}


def totaux_of(draft: Brouillon, ids: Collection[str]) -> dict[str, list[str]]:
    """The totals of the tables among some questions, as their page shows them for what has been typed."""
    return {
        champ.id: list(champ.genre.vue(champ, draft.brut.get(champ.id, {}), {}).donnees["totaux"])
        for champ in draft.definition.champs()
        if champ.id in ids and champ.type == "tableau" and champ.totaux
    }


def parties_of(draft: Brouillon, champs: Iterable[Champ]) -> dict[str, EtatDePartie]:
    """What rules make of the questions of the rows of some blocks, by input, for what has been typed."""
    etat, found = draft.etat(), dict[str, EtatDePartie]()
    around = ContexteDeSaisie(draft.aujourd_hui, etat.reponses, draft.reponses, regles=etat.lignes)
    for champ in champs:
        if champ.id in draft.definition.plan.lignes:
            typed = draft.brut.get(champ.id) or entrees_de(champ, draft.reponses.get(champ.id))
            found.update(champ.genre.etats(champ, typed, around))
    return found


def cachees_of(champs: Iterable[vues.Champ]) -> list[str]:
    """The questions of rows that a page holds but does not ask."""
    rows = (line for champ in champs if champ.type == "bloc" for line in champ.donnees["lignes"])
    return [part.id for line in rows for part in line["champs"] if part.etat == "cachee"]


def _champ(
    draft: Brouillon,
    champ: Champ,
    erreurs: Mapping[str, str],
    connues: Mapping[str, Any],
    source: str,
    remarque: str,
) -> vues.Champ:
    etat = draft.etat()
    value = etat.reponses.get(champ.id) if champ.calcul else draft.reponses.get(champ.id)
    typed = draft.brut.get(champ.id) or entrees_de(champ, value)
    known = given_to(champ, connues)
    given = known is not None and value is not None and (value == known or _holds(value, known))
    seen = champ.genre.vue(champ, typed, erreurs)
    if champ.id in draft.definition.plan.lignes:
        seen = avec_etats(seen, parties_of(draft, [champ]))
    seen = avec_listes(seen, champ, draft.offerts)
    return replace(
        seen,
        obligatoire=champ.id in etat.obligatoires,
        aide=f"{seen.aide} {remarque}".strip(),
        provenance=source if given else _PAR_LIEN if _by_link(draft, champ) else "",
        **piece_vue(champ, draft.pieces_de(champ.id), draft.aujourd_hui, seen.donnees),
    )


def _by_link(draft: Brouillon, champ: Champ) -> bool:
    answer = draft.contenu.reponses.get(champ.id)
    return answer is not None and answer.origine == PAR_LIEN


def _holds(value: Any, known: Any) -> bool:
    """Whether a whole identity still says all that is known of the person."""
    return isinstance(value, Mapping) and isinstance(known, Mapping) and known.items() <= value.items()


def avec_listes(seen: vues.Champ, champ: Champ, offerts: Mapping[str, Offert]) -> vues.Champ:
    """A question with the rows that its list offers: all of a short one to choose from, else those like the text."""
    if champ.champs and seen.donnees.get("lignes"):
        parts = {part.id: part for part in champ.champs}
        lines = [
            {
                **line,
                "champs": [avec_listes(s, parts[s.id.split("-")[-1]], offerts) for s in line["champs"]],
            }
            for line in seen.donnees["lignes"]
        ]
        return replace(seen, donnees={**seen.donnees, "lignes": lines})
    known = offerts.get(champ.referentiel) if champ.type == "referentiel" else None
    if known is None:
        return seen
    if known.lignes:
        options = tuple(vues.Option(row["cle"], row["libelle"]) for row in known.lignes)
        key = str(seen.donnees.get("code", "")) or str(seen.valeur)
        return replace(seen, type="liste", options=options, valeur=key, donnees={})
    near = [vues.Option(r["cle"], r["libelle"]) for r in (known.proches or {}).get(champ.id, ())]
    return replace(seen, donnees={**seen.donnees, "choix": near})


def champ_vu(champ: Champ, typed: Mapping[str, Sequence[str]], erreur: str = "") -> vues.Champ:
    """A question outside any draft, with what was typed and what is wrong with it."""
    return champ.genre.vue(champ, typed, {champ.id: erreur})


def sections_of(
    definition: Definition,
    reponses: Mapping[str, Any],
    *,
    etat: EtatFormulaire | None = None,
    modifier: str = "",
) -> list[vues.Section]:
    """The answers as a person reads them: those of a frozen dossier, or with `etat` every question of a draft.

    `modifier` is the address of a page of the draft, with `{page}` in it.
    """
    if etat is None:
        return [
            vues.Section(titre, [_ligne(champ, reponses, "") for champ in champs])
            for titre, champs in parties_repondues(definition, reponses)
        ]
    sections = []
    for seen in etat.pages:
        url = modifier.replace("{page}", seen.page.id)
        for part in seen.sections:
            lignes = [_ligne(champ, reponses, url) for champ in part.champs if champ.repond]
            titre = f"{seen.page.titre} – {part.section.titre}" if part.section else seen.page.titre
            if lignes:
                sections.append(vues.Section(titre, lignes))
    return sections


def _ligne(champ: Champ, reponses: Mapping[str, Any], url: str) -> vues.Ligne:
    known = champ.id in reponses
    return vues.Ligne(
        champ.libelle,
        tuple(afficher(champ, reponses[champ.id]).split("\n")) if known else ("—",),
        f"{url}#{champ.id}" if url and champ.calcul is None else "",
        plan=champ.genre.plan(champ, reponses[champ.id]) if known else None,
    )


_HISTOIRE = {
    "depot": N_("Dossier déposé"),
    "version": N_("Dossier passé à la nouvelle version de la démarche"),
    "prise_en_charge": N_("Pris en charge"),
    "liberation": N_("Rendu au service"),
    "attribution": N_("Confié à un agent"),
    "complement_demande": N_("Complément demandé"),
    "complement_recu": N_("Complément reçu"),
    "decision": N_("Décision rendue"),
    "retrait": N_("Demande retirée"),
    "transmission": N_("Transmis à l’administration compétente"),
    "arrivee": N_("Reçu d’une autre administration"),
    "refus_tacite": N_("Refusé par le silence de l’administration"),
    "acceptation_tacite": N_("Accepté par le silence de l’administration"),
    "attente_levee": N_("Ce qui était attendu est arrivé"),
    "place_obtenue": N_("Place obtenue"),
    "suppression_annoncee": N_("Suppression annoncée"),
    "examen": N_("Pièces examinées"),
    "proposition": N_("Décision proposée"),
    "etape": N_("Étape"),
    "avis_demande": N_("Avis demandé"),
    "avis_relance": N_("Avis relancé"),
    "avis_revoque": N_("Demande d’avis annulée"),
    "avis_rendu": N_("Avis rendu"),
    "avis_refuse": N_("Courriel de demande d’avis refusé"),
    "appel_echoue": N_("Appel à un service extérieur échoué"),
    "appel_passe": N_("Poursuivi sans l’appel à un service extérieur"),
    "remise": N_("Dossier envoyé à l’organisme"),
    "remise_refusee": N_("Envoi à l’organisme refusé"),
}


def histoire_of(evenements: Iterable[Evenement], *, agent: bool = False) -> list[dict[str, Any]]:
    """The history, in words; who replaced whom is the agents' own business."""
    lines = []
    for item in evenements:
        detail = item.auteur if item.auteur != "demandeur" else ""
        if item.donnees.get("libelle"):
            detail = f"{item.donnees['libelle']} – {detail}"
        if agent and item.donnees.get("remplace"):
            detail = f"{detail} (à la place de {item.donnees['remplace']})"
        lines.append({"le": item.quand, "libelle": _HISTOIRE.get(item.genre, item.genre), "detail": detail})
    return lines


def messages_of(messages: Iterable[Message], *, agent: bool) -> list[dict[str, Any]]:
    """The messages, from the reader's side."""
    return [
        {"auteur": m.auteur, "le": m.quand, "texte": m.texte, "de_moi": m.de_l_agent is agent}
        for m in messages
        if not m.interne
    ]
