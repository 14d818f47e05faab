"""`python -m benchmarks [--rapide] [--seulement NOM]`: measures and writes RESULTS.md; 1 when a target is missed."""

import argparse
import sys

from benchmarks.bancs import TAILLES, Banc, open_bancs
from benchmarks.demarrage import second_run
from benchmarks.echelle import GRAND, PETIT, echelle
from benchmarks.essais import ESSAIS, Chiffre, Effort
from benchmarks.exports import exporting
from benchmarks.platitude import flatness, memory
from benchmarks.publication import publishing
from benchmarks.rapport import replace, write
from benchmarks.regles import rules
from benchmarks.remplissage import remplissage

DOSSIERS = 100_000
BRETAGNE = 1202
Section = tuple[str, str, list[Chiffre]]
TITRES = {
    "accueil": "Home of a commune",
    "conditionnel": "Home that the browser has",
    "espace": "Mon espace",
    "bureau": "The desk",
    "depot": "A submission",
    "parcours": "The whole anonymous journey",
    "remplissage": "Filling a long form",
    "platitude": "One commune or all of France",
    "chargement": "Loading",
    "export": "An export of everything",
    "publication": "A new version for everybody",
    "echelle": "A million dossiers",
    "regles": "Rules of a form",
    "demarrage": "Starting",
}


def _loading(bancs: dict[int, Banc]) -> list[Chiffre]:
    found = []
    for taille, banc in bancs.items():
        jeu = banc.jeu
        limit = 60 if taille == max(TAILLES) else None
        found.append(
            Chiffre(f"{jeu.collectivites} collectivités depuis le CSV", jeu.secondes_communes, limit, "s")
        )
        pace = jeu.dossiers / jeu.secondes_dossiers
        found.append(Chiffre(f"Dossiers par seconde (base de {jeu.collectivites})", round(pace), None, ""))
    return found


def _run(nom: str, bancs: dict[int, Banc], effort: Effort) -> list[Chiffre]:
    if nom == "platitude":
        return [*flatness(bancs, effort), *memory(bancs)]
    if nom == "chargement":
        return _loading(bancs)
    if nom == "remplissage":
        return remplissage(bancs[min(bancs)], effort)
    if nom == "export":
        return exporting(bancs[min(bancs)])
    if nom == "publication":
        return publishing({taille: banc for taille, banc in bancs.items() if taille <= BRETAGNE})
    return ESSAIS[nom](bancs[min(bancs)], effort)


def main() -> int:
    """Measures what is asked; 1 when a target is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Mesure ce que coûte le portail."
    )
    parser.add_argument(
        "--rapide", action="store_true", help="peu de tours, peu de dossiers : un ordre de grandeur"
    )
    parser.add_argument("--seulement", choices=list(TITRES), action="append", help="cette mesure seulement")
    parser.add_argument("--ecrire", action="store_true", help="met ces mesures à leur place dans RESULTS.md")
    options = parser.parse_args()
    wanted = options.seulement or list(TITRES)
    effort = Effort(3, 60, 6) if options.rapide else Effort()
    suffix = " --rapide" if options.rapide else ""
    sections: list[Section] = []
    measured = [nom for nom in wanted if nom not in ("demarrage", "echelle", "regles")]
    if measured:
        several = {"platitude", "chargement", "publication"} & set(measured)
        tailles = [min(TAILLES)]
        if several:
            tailles = list(TAILLES) if several - {"publication"} else [n for n in TAILLES if n <= BRETAGNE]
        with open_bancs(tailles, 5_000 if options.rapide else DOSSIERS) as bancs:
            sections = [_section(nom, suffix, _run(nom, bancs, effort)) for nom in measured]
    if "echelle" in wanted:
        tailles_echelle = (1_000, PETIT) if options.rapide else (PETIT, GRAND)
        sections.append(_section("echelle", suffix, echelle(effort, tailles_echelle)))
    if "regles" in wanted:
        sections.append(_section("regles", suffix, rules()))
    if "demarrage" in wanted:
        sections.append(_section("demarrage", suffix, second_run()))
    if not options.seulement:
        write(sections, options.rapide)
    elif options.ecrire:
        replace(sections)
    return 1 if any(chiffre.tenu is False for _, _, chiffres in sections for chiffre in chiffres) else 0


def _section(nom: str, suffix: str, chiffres: list[Chiffre]) -> Section:
    for chiffre in chiffres:
        state = {True: "tenu", False: "MANQUÉ", None: ""}[chiffre.tenu]
        figure = f"{chiffre.valeur:.2f} {chiffre.unite} (≤ {chiffre.limite}) {state}"
        print(f"{chiffre.nom} : {figure} {chiffre.detail}", flush=True)
    return TITRES[nom], f"python -m benchmarks --seulement {nom}{suffix}", chiffres


if __name__ == "__main__":
    sys.exit(main())
