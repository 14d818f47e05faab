"""What a collectivité changes in a shared démarche: wording, service, delays, prices, pieces, its own questions.

An overlay is versioned and content-addressed like a definition. It never touches ids, types or legal data that others
rest on; its own questions have ids of their own kind (`local_…`), which no shared version may use.
"""

from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from app.demarches.definitions.base import Fige, IdChamp, Texte
from app.demarches.definitions.champs import Champ
from app.demarches.definitions.definition import Definition, Slug, mots_de
from app.demarches.definitions.regles import champs_cites
from app.socle.errors import InvalidInputError

# Ids of the questions that a collectivité adds.
PREFIXE_LOCAL = "local_"


class SurcoucheRefuseeError(InvalidInputError):
    """The overlay does not fit the definition."""

    code = "surcouche_refusee"


class Aide(Fige):
    """Help of a question, in the collectivité's own words."""

    champ: IdChamp
    texte: Texte


class TarifLocal(Fige):
    """The price that a collectivité asks under a tariff of the shared version, in cents."""

    id: IdChamp
    montant: int = Field(ge=0, le=100_000_000)


class ChampAjoute(Fige):
    """A question that a collectivité adds at the end of a page."""

    page: Slug
    champ: Champ

    @model_validator(mode="after")
    def _own_kind_of_id(self) -> Self:
        if not self.champ.id.startswith(PREFIXE_LOCAL):
            raise ValueError("an added field has an id that begins with local_")
        return self


class Surcouche(Fige):
    """An overlay; an empty text means "as in the shared version"."""

    resume: str = ""
    pour_qui: str = ""
    intro: str = ""
    apres: str = ""
    delai_traitement: str = ""
    delai_complement_jours: int | None = Field(default=None, ge=1, le=365)
    cout: str = ""
    tarifs: tuple[TarifLocal, ...] = ()
    service_nom: str = ""
    telephone: str = ""
    ou: str = ""
    contact: str = ""
    ce_qu_il_faut_en_plus: tuple[Texte, ...] = ()
    aides: tuple[Aide, ...] = ()
    champs_masques: tuple[IdChamp, ...] = ()
    pieces_facultatives: tuple[IdChamp, ...] = ()
    champs_ajoutes: tuple[ChampAjoute, ...] = ()


_TEXTES = ("resume", "pour_qui", "delai_traitement", "cout", "ou", "contact")


def appliquer(definition: Definition, surcouche: Surcouche) -> Definition:
    """The definition as this collectivité offers it, checked again as a whole.

    Refuses (SurcoucheRefuseeError, one French sentence) to hide a field that is unknown, mandatory, used by
    another field or by the model of decision, or that is the last of its page; to make optional what is no piece; to
    add to a page that is not there; `ou` or `contact` on a téléservice.
    """
    try:
        return Definition.model_validate(composer(definition, surcouche))
    except ValidationError:
        raise SurcoucheRefuseeError(
            "Les questions ajoutées ou masquées ne conviennent pas au reste de la démarche : "
            "deux questions portent le même identifiant, ou une condition cite une question absente."
        ) from None


def composer(definition: Definition, surcouche: Surcouche) -> dict[str, Any]:
    """The content that `appliquer` checks: what the overlay says itself is right, not yet the whole."""
    for champ_id in surcouche.champs_masques:
        _check_hidden(definition, champ_id)
    if definition.genre == "teleservice" and (surcouche.ou or surcouche.contact):
        raise SurcoucheRefuseeError(
            "Un téléservice n’a ni « où s’adresser » ni « contact » : "
            "indiquez plutôt le nom et le téléphone du service."
        )
    made: dict[str, Any] = definition.model_dump()
    _compose_pages(definition, surcouche, made)
    for name in _TEXTES:
        made[name] = getattr(surcouche, name) or made[name]
    if surcouche.resume:
        # Its own words are not those that were translated.
        for translation in filter(None, made["traductions"].values()):
            translation["resume"] = ""
    made["textes"]["intro"] = surcouche.intro or made["textes"]["intro"]
    made["textes"]["apres"] = surcouche.apres or made["textes"]["apres"]
    made["service"]["nom"] = surcouche.service_nom or made["service"]["nom"]
    made["service"]["telephone"] = surcouche.telephone or made["service"]["telephone"]
    made["ce_qu_il_faut"] = definition.ce_qu_il_faut + surcouche.ce_qu_il_faut_en_plus
    if surcouche.delai_complement_jours is not None and made["legal"]:
        made["legal"]["delai_complement_jours"] = surcouche.delai_complement_jours
    prices = {tarif.id: tarif.montant for tarif in surcouche.tarifs}
    if unknown := prices.keys() - {tarif.id for tarif in definition.tarifs}:
        raise SurcoucheRefuseeError(f"Cette démarche n’a pas de tarif « {sorted(unknown)[0]} ».")
    for tarif in made["tarifs"]:
        tarif["montant"] = prices.get(tarif["id"], tarif["montant"])
    return made


def _compose_pages(definition: Definition, surcouche: Surcouche, made: dict[str, Any]) -> None:
    hidden, aides = set(surcouche.champs_masques), {aide.champ: aide.texte for aide in surcouche.aides}
    known = {champ.id: champ for champ in definition.champs()}
    for champ_id in surcouche.pieces_facultatives:
        if champ_id not in known or known[champ_id].type != "piece":
            raise SurcoucheRefuseeError(f"« {champ_id} » n’est pas un document demandé par cette démarche.")
    for champ_id in aides:
        if champ_id not in known:
            raise SurcoucheRefuseeError(f"Cette démarche n’a pas de question « {champ_id} ».")
    added: dict[str, list[dict[str, Any]]] = {}
    for ajout in surcouche.champs_ajoutes:
        if ajout.page not in {page.id for page in definition.pages}:
            raise SurcoucheRefuseeError(
                f"La question « {ajout.champ.libelle} » est ajoutée à une page qui n’existe pas (ou plus)."
            )
        added.setdefault(ajout.page, []).append(ajout.champ.model_dump())
    for page in made["pages"]:
        kept = [champ for champ in page["champs"] if champ["id"] not in hidden]
        for champ in kept:
            champ["aide"] = aides.get(champ["id"], champ["aide"])
            champ["obligatoire"] = champ["obligatoire"] and champ["id"] not in surcouche.pieces_facultatives
        page["champs"] = [*kept, *added.get(page["id"], ())]
        if not page["champs"]:
            raise SurcoucheRefuseeError(
                f"La page « {page['titre']} » n’aurait plus de question : gardez-en au moins une."
            )


def elaguer(definition: Definition, surcouche: Surcouche) -> Surcouche:
    """The overlay without what this version has no place for: questions, pages or tariffs that it has no more."""
    known = {champ.id: champ for champ in definition.champs()}
    pages = {page.id for page in definition.pages}
    tarifs = {tarif.id for tarif in definition.tarifs}
    hidden = []
    for champ_id in surcouche.champs_masques:
        try:
            _check_hidden(definition, champ_id)
        except SurcoucheRefuseeError:
            continue
        hidden.append(champ_id)
    return surcouche.model_copy(
        update={
            "champs_masques": tuple(hidden),
            "pieces_facultatives": tuple(
                c for c in surcouche.pieces_facultatives if c in known and known[c].type == "piece"
            ),
            "aides": tuple(aide for aide in surcouche.aides if aide.champ in known),
            "champs_ajoutes": tuple(ajout for ajout in surcouche.champs_ajoutes if ajout.page in pages),
            "tarifs": tuple(tarif for tarif in surcouche.tarifs if tarif.id in tarifs),
        }
    )


def cles_touchees(surcouche: Surcouche) -> dict[str, str]:
    """What an overlay changes, as the keys of `edition.difference`, each with its own name in the overlay."""
    found = {name: name for name in _TEXTES if getattr(surcouche, name)}
    named = {
        "intro": "textes.intro",
        "apres": "textes.apres",
        "service_nom": "service.nom",
        "telephone": "service.telephone",
        "ce_qu_il_faut_en_plus": "ce_qu_il_faut",
        "tarifs": "tarifs",
        "delai_complement_jours": "legal.delai_complement_jours",
    }
    found |= {cle: name for name, cle in named.items() if getattr(surcouche, name)}
    for name in ("champs_masques", "pieces_facultatives"):
        found |= {f"champ:{champ_id}": name for champ_id in getattr(surcouche, name)}
    found |= {f"champ:{aide.champ}": "aides" for aide in surcouche.aides}
    found |= {f"page:{ajout.page}": "champs_ajoutes" for ajout in surcouche.champs_ajoutes}
    return found


def _check_hidden(definition: Definition, champ_id: str) -> None:
    try:
        champ = definition.champ(champ_id)
    except KeyError:
        raise SurcoucheRefuseeError(f"Cette démarche n’a pas de question « {champ_id} ».") from None
    if champ.obligatoire:
        raise SurcoucheRefuseeError(
            f"La question « {champ.libelle} » est obligatoire : elle ne peut pas être masquée."
        )
    if needed_by := _who_uses(definition, champ_id):
        raise SurcoucheRefuseeError(
            f"La question « {champ.libelle} » ne peut pas être masquée : {needed_by} en a besoin."
        )


def _who_uses(definition: Definition, champ_id: str) -> str | None:
    others: list[Champ] = [
        other for other in definition.champs() if other.id != champ_id and champ_id in other.champs_cites
    ]
    if others:
        return f"la question « {others[0].libelle} »"
    for page in definition.pages:
        rules = (page.si, *(section.si for section in page.sections), *(c.regle for c in page.controles))
        if champ_id in champs_cites(*rules):
            return f"la page « {page.titre} »"
    steps = tuple(
        rule for part in (definition.legal, definition.parcours) if part for _, rule in part.conditions
    )
    whole = (definition.prix, *(c.regle for c in definition.eligibilite), *(r.si for r in definition.routage))
    if champ_id in champs_cites(*whole, *steps):
        return "une règle de la démarche"
    if definition.parcours and champ_id in (
        mots_de(*definition.parcours.textes) | definition.parcours.champs_cites
    ):
        return "le parcours de l’instruction"
    decision = definition.decision
    if decision and champ_id in mots_de(
        *decision.visas, *decision.articles_acceptation, *decision.articles_refus
    ):
        return f"le modèle de {decision.libelle}"
    return None
