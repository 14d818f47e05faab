"""What the pages of rules show: a rule as a sentence, its rows of menus, what is wrong with each, what it may name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.demarches.definitions import Definition, Remarque
from app.demarches.edition.gestes import Brut
from app.demarches.edition.lieux import SORTES, Lieu, lire, regles_de
from app.demarches.edition.noms import environnement_de
from app.demarches.edition.saisie_regle import (
    COMPAREES,
    Groupe,
    Ligne,
    operateur_choisi,
    operateurs_ici,
    sujet,
)
from app.demarches.expressions import (
    Environnement,
    ExpressionRefuseeError,
    Rangees,
    analyser,
    ecrire,
    phrase,
    places,
    sujets,
    type_du_sujet,
    unite_de,
    vers_rangees,
)
from app.demarches.expressions.environnement import CONTEXTE
from app.socle.vues import Option


@dataclass(frozen=True, slots=True)
class Famille:
    """Things to look at, under one title of a menu."""

    titre: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class LigneVue:
    """One row: what it looks at, what may be said of it, the widget of its value, what is wrong."""

    chemin: str
    numero: int
    champ: str
    familles: tuple[Famille, ...]
    operateurs: tuple[Option, ...]
    operateur: str
    attend: str
    valeurs: tuple[str, ...]
    options: tuple[Option, ...]
    sources: tuple[Option, ...]
    source: str
    ecart: str
    sens: str
    unite: str
    compte_en: str
    faute: str
    remarques: tuple[str, ...]

    genre = "ligne"

    @property
    def valeur(self) -> str:
        """The one value typed."""
        return self.valeurs[0] if self.valeurs else ""


@dataclass(frozen=True, slots=True)
class GroupeVue:
    """Rows and groups, how they are joined, and the block whose rows they look at, if any."""

    chemin: str
    numero: int
    lien: str
    sur: str
    sur_libelle: str
    quantite: str
    parties: tuple["LigneVue | GroupeVue", ...]
    blocs: tuple[Option, ...]
    faute: str
    remarques: tuple[str, ...]

    genre = "groupe"


@dataclass
class Dit:
    """What is said of places: faults of rows, and remarks on what they mean."""

    fautes: Mapping[str, str] = field(default_factory=dict)
    remarques: Mapping[str, Sequence[str]] = field(default_factory=dict)


def majuscule(texte: str) -> str:
    """A sentence begins with a capital."""
    return texte[:1].upper() + texte[1:]


def libelle_du_sujet(texte: str, env: Environnement) -> str:
    """What a menu calls something to look at."""
    plain = phrase(texte, env) if "(" in texte or env[texte] is None else env_libelle(texte, env)
    return majuscule(plain)


def env_libelle(chemin: str, env: Environnement) -> str:
    """A question in a menu: its wording, without quotes."""
    known = env[chemin]
    said = known.libelle if known is not None else ""
    return said.strip("«»\u00a0 ") if said.startswith("«") and said.endswith("»") else said or chemin


def menus_de(env: Environnement, dehors: Environnement | None = None) -> tuple[Famille, ...]:
    """What a row may look at; inside the rows of a block, first what each row holds."""
    every = sujets(env)
    outside = set(sujets(dehors)) if dehors is not None else set()
    inner = [one for one in every if one not in outside]
    families = [(("Dans chaque ligne" if dehors else "Questions"), inner)]
    if dehors is not None:
        families.append(("Ailleurs dans le formulaire", [one for one in every if one in outside]))
    families.append(("Autour de la demande", [one for one in CONTEXTE if one not in ("aujourdhui", "depot")]))
    return tuple(
        Famille(titre, tuple(Option(one, libelle_du_sujet(one, env)) for one in texts))
        for titre, texts in families
        if texts
    )


def groupe_vu(
    groupe: Groupe,
    env: Environnement,
    dit: Dit,
    chemin: str = "r",
    familles: tuple[Famille, ...] | None = None,
) -> GroupeVue:
    """Rows of menus as they are drawn."""
    inner, menus = env, familles or menus_de(env)
    if groupe.sur:
        inner = env.dans(groupe.sur)
        menus = menus_de(inner, env)
    blocs = tuple(
        Option(name, env_libelle(name, env)) for name, nom in env.noms.items() if nom.type.genre == "lignes"
    )
    parts: list[LigneVue | GroupeVue] = []
    for index, part in enumerate(groupe.parties):
        place = f"{chemin}.{index}"
        parts.append(
            groupe_vu(part, inner, dit, place, menus)
            if isinstance(part, Groupe)
            else _ligne(part, inner, dit, place, menus)
        )
    numero = int(chemin.rpartition(".")[2]) + 1 if "." in chemin else 1
    return GroupeVue(
        chemin,
        numero,
        groupe.lien,
        groupe.sur,
        env_libelle(groupe.sur, env) if groupe.sur else "",
        groupe.quantite,
        tuple(parts),
        blocs,
        dit.fautes.get(chemin, ""),
        tuple(dit.remarques.get(chemin, ())),
    )


def _ligne(ligne: Ligne, env: Environnement, dit: Dit, chemin: str, menus: tuple[Famille, ...]) -> LigneVue:
    known = sujet(ligne.champ)
    operateur = operateur_choisi(ligne, env)
    attend = operateur.attend if operateur else ""
    return LigneVue(
        chemin,
        int(chemin.rpartition(".")[2]) + 1,
        ligne.champ,
        menus,
        tuple(Option(op.code, op.libelle) for op in operateurs_ici(ligne, env)),
        operateur.code if operateur else "",
        attend,
        tuple(ligne.valeurs),
        _options(ligne.champ, env) if attend in ("option", "options") else (),
        _sources(ligne.champ, attend, env) if attend in COMPAREES else (),
        ligne.source if attend in COMPAREES else "",
        ligne.ecart,
        ligne.sens,
        ligne.unite,
        unite_de(known, env) if known is not None else "",
        dit.fautes.get(chemin, ""),
        tuple(dit.remarques.get(chemin, ())),
    )


def _options(chemin: str, env: Environnement) -> tuple[Option, ...]:
    nom = env[chemin]
    if nom is None:
        return ()
    values = nom.type.options or tuple(nom.libelles)
    return tuple(Option(value, nom.libelles.get(value, value)) for value in values)


def _sources(champ: str, attend: str, env: Environnement) -> tuple[Option, ...]:
    """Other answers that a value may be compared with."""
    found: list[Option] = []
    for texte in (*sujets(env), *CONTEXTE):
        tree = sujet(texte)
        kind = type_du_sujet(tree, env) if tree is not None else None
        if kind is not None and kind.genre == attend and texte != champ:
            found.append(Option(texte, libelle_du_sujet(texte, env)))
    return tuple(found)


def placer(remarques: Sequence[Remarque], texte: str, env: Environnement) -> dict[str, list[str]]:
    """Remarks by the row they speak of: the smallest one that holds the part of the rule they point at."""
    found: dict[str, list[str]] = {}
    spans: list[tuple[str, int, int]] = []
    try:
        rows = vers_rangees(ecrire(analyser(texte)), env) if texte else None
        spans = list(places(rows)) if isinstance(rows, Rangees) else []
    except ExpressionRefuseeError:
        spans = []
    for remarque in remarques:
        around = [
            (end - start, place)
            for place, start, end in spans
            if remarque.fin and start <= remarque.debut and remarque.fin <= end
        ]
        place = min(around)[1] if around else "r"
        found.setdefault(place, []).append(remarque.phrase)
    return found


def phrase_de(lieu: Lieu, texte: str, env: Environnement) -> str:
    """A rule as a sentence; empty for one that cannot be read."""
    try:
        return f"{lieu.genre.debut} {phrase(texte, env)}." if texte else ""
    except ExpressionRefuseeError:
        return ""


def durees_dites(definition: Definition) -> list[str]:
    """The archive terms that depend on the answers, a sentence each, as residents and agents read them."""
    names = {chemin: nom for rules in definition.plan.champs.values() for chemin, nom in rules.noms}
    env, clocks = Environnement(names), definition.conservation
    return [
        f"{ans(d.dua_annees)} quand {phrase(d.si, env)} ({d.motif})"
        for d in (clocks.durees if clocks else ())
    ]


def ans(nombre: int) -> str:
    """« 1 an », « 5 ans »; what is not kept at all has its own words."""
    return f"{nombre}\u00a0an{'s' if nombre > 1 else ''}" if nombre else "pas d’archive"


def insertions(env: Environnement) -> tuple[Option, ...]:
    """What a rule written as text may name, with the words of each."""
    names = [*env.noms, *CONTEXTE]
    return tuple(Option(name, f"{majuscule(env_libelle(name, env))}\u00a0: {name}") for name in names)


def cartes(
    contenu: Brut, prefixe: str, sortes: Sequence[str], fautes: Mapping[str, Sequence[str]], base: str
) -> list[dict[str, Any]]:
    """The rules of a question, a page or the whole form, each as a sentence with what is wrong; and those to add."""
    found: list[dict[str, Any]] = []
    for sorte in sortes:
        genre = SORTES[sorte]
        written = regles_de(contenu, prefixe, [sorte])
        for lieu in written:
            rule = lire(contenu, lieu)
            said = phrase_de(lieu, rule.get("texte", ""), environnement_de(contenu, lieu))
            beside = [f"{value}" for cle, value in rule.items() if cle != "texte" and value not in (None, "")]
            found.append(
                {
                    "nom": lieu.nom,
                    "titre": genre.titre + (f" {lieu.rang}" if genre.liste and len(written) > 1 else ""),
                    "phrase": said or rule.get("texte", ""),
                    "avec": beside,
                    "fautes": list(fautes.get(lieu.nom, ())),
                    "url": f"{base}/regles/{lieu.nom}",
                    "nouvelle": False,
                }
            )
        if genre.liste or not written:
            nom = f"{prefixe}{sorte}{f'.{len(written) + 1}' if genre.liste else ''}"
            found.append(
                {
                    "nom": nom,
                    "titre": genre.titre,
                    "phrase": "",
                    "avec": [],
                    "fautes": [],
                    "url": f"{base}/regles/{nom}",
                    "nouvelle": True,
                }
            )
    return found
