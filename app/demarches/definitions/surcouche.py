"""What a collectivité changes in a shared démarche: wording, service, delays, price, hidden questions.

An overlay is versioned and content-addressed like a definition. It has no place for ids, types or legal data,
and refuses to hide a field that the rest of the form rests on.
"""

from app.demarches.definitions.base import Fige, IdChamp, Texte
from app.demarches.definitions.champs import Champ
from app.demarches.definitions.definition import Definition, mots_de
from app.demarches.definitions.regles import champs_cites
from app.socle.errors import InvalidInputError


class SurcoucheRefuseeError(InvalidInputError):
    """The overlay does not fit the definition."""

    code = "surcouche_refusee"


class Surcouche(Fige):
    """An overlay; an empty text means "as in the shared version"."""

    resume: str = ""
    pour_qui: str = ""
    intro: str = ""
    delai_traitement: str = ""
    cout: str = ""
    service_nom: str = ""
    telephone: str = ""
    ou: str = ""
    contact: str = ""
    ce_qu_il_faut_en_plus: tuple[Texte, ...] = ()
    champs_masques: tuple[IdChamp, ...] = ()


def appliquer(definition: Definition, surcouche: Surcouche) -> Definition:
    """The definition as this collectivité offers it, checked again as a whole.

    Refuses (SurcoucheRefuseeError, one French sentence) to hide a field that is unknown, mandatory, used by
    another field or by the model of decision, or that is the last of its page, and `ou` or `contact` on a
    téléservice.
    """
    for champ_id in surcouche.champs_masques:
        _check_hidden(definition, champ_id)
    if definition.genre == "teleservice" and (surcouche.ou or surcouche.contact):
        raise SurcoucheRefuseeError(
            "Un téléservice n’a ni « où s’adresser » ni « contact » : "
            "indiquez plutôt le nom et le téléphone du service."
        )
    hidden = set(surcouche.champs_masques)
    pages = tuple(
        page.model_copy(update={"champs": tuple(champ for champ in page.champs if champ.id not in hidden)})
        for page in definition.pages
    )
    if empty := next((page for page in pages if not page.champs), None):
        raise SurcoucheRefuseeError(
            f"La page « {empty.titre} » n’aurait plus de question : gardez-en au moins une."
        )
    replaced = {
        name: getattr(surcouche, name)
        for name in ("resume", "pour_qui", "delai_traitement", "cout", "ou", "contact")
        if getattr(surcouche, name)
    }
    changed = definition.model_copy(
        update={
            **replaced,
            "pages": pages,
            "textes": definition.textes.model_copy(
                update={"intro": surcouche.intro or definition.textes.intro}
            ),
            "service": definition.service.model_copy(
                update={
                    "nom": surcouche.service_nom or definition.service.nom,
                    "telephone": surcouche.telephone or definition.service.telephone,
                }
            ),
            "ce_qu_il_faut": definition.ce_qu_il_faut + surcouche.ce_qu_il_faut_en_plus,
        }
    )
    return Definition.model_validate(changed.model_dump())


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
    whole = (definition.prix, *(c.regle for c in definition.eligibilite), *(r.si for r in definition.routage))
    if champ_id in champs_cites(*whole):
        return "une règle de la démarche"
    decision = definition.decision
    if decision and champ_id in mots_de(
        *decision.visas, *decision.articles_acceptation, *decision.articles_refus
    ):
        return f"le modèle de {decision.libelle}"
    return None
