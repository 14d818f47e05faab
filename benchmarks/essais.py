"""The figures that the portal promises, one function each; a figure has its target and whether it is met."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean

from benchmarks.bancs import Banc
from benchmarks.mesures import Concurrent, compare
from benchmarks.nu import PREFIXE
from benchmarks.parcours import Page, fill_draft, submit, whole_journey


@dataclass(frozen=True)
class Effort:
    """How much is measured: rounds, goes per round for reading and for writing."""

    tours: int = 9
    lectures: int = 100
    ecritures: int = 12


@dataclass(frozen=True)
class Chiffre:
    """One line of the results: what, how much, at most how much (None for what is only told), in which unit."""

    nom: str
    valeur: float
    limite: float | None = None
    unite: str = "×"
    detail: str = ""

    @property
    def tenu(self) -> bool | None:
        """Whether the target is met; None without target."""
        return None if self.limite is None else self.valeur <= self.limite


ACCUEIL = Page("guingamp")
FICHE = Page("guingamp", "/demarches/mesure")
ESPACE = Page("mon")
BUREAU = Page("agents")


def _bare(banc: Banc, path: str) -> Callable[[], None]:
    visiteur = banc.visiteur()
    return lambda: (visiteur.get(f"{PREFIXE}{path}"), None)[1]


def accueil(banc: Banc, effort: Effort) -> list[Chiffre]:
    """The home of a commune, anonymous, against a bare page of the same size."""
    size = len(banc.visiteur().get("/").corps)
    series = compare(
        [
            Concurrent("portail", banc.cible, ACCUEIL.reader(banc), effort.lectures),
            Concurrent("nue", banc.cible, _bare(banc, f"page/{size}"), effort.lectures),
        ],
        effort.tours,
    )
    mine, bare = series["portail"], series["nue"]
    detail = f"{mine.ms:.2f} ms contre {bare.ms:.2f} ms, {size} octets"
    return [
        Chiffre(
            "Accueil d’une commune, anonyme, contre une page Jinja nue", mine.ratio(bare), 1.6, detail=detail
        )
    ]


def conditionnel(banc: Banc, effort: Effort) -> list[Chiffre]:
    """The same page, which the browser already has, against ready-made bytes."""
    page = Page("guingamp", conditionnelle=True)
    size = len(banc.visiteur().get("/").corps)
    series = compare(
        [
            Concurrent("portail", banc.cible, page.reader(banc), effort.lectures),
            Concurrent("fixe", banc.cible, _bare(banc, f"fixe/{size}"), effort.lectures),
        ],
        effort.tours,
    )
    mine, bare = series["portail"], series["fixe"]
    detail = f"{mine.ms:.2f} ms contre {bare.ms:.2f} ms"
    return [
        Chiffre(
            "Accueil déjà connu (304), contre les mêmes octets, tout prêts",
            mine.ratio(bare),
            1.6,
            detail=detail,
        )
    ]


def _signed(banc: Banc, effort: Effort, page: Page, nom: str, titre: str) -> list[Chiffre]:
    visiteur = banc.visiteur(page.label)
    visiteur.get(page.chemin)
    visiteur.compte = nom
    body = visiteur.get(page.chemin).corps
    instructions = visiteur.instructions
    bare_visitor = banc.visiteur()
    bare_visitor.demander("POST", f"{PREFIXE}modele/{nom}", body)
    bare_size = len(bare_visitor.get(f"{PREFIXE}relire/{nom}").corps)
    series = compare(
        [
            Concurrent("portail", banc.cible, page.reader(banc), effort.lectures),
            Concurrent("nu", banc.cible, _bare(banc, f"relire/{nom}"), effort.lectures),
        ],
        effort.tours,
    )
    mine, bare = series["portail"], series["nu"]
    detail = f"{mine.ms:.2f} ms contre {bare.ms:.2f} ms, {len(body)} octets contre {bare_size}"
    return [
        Chiffre(f"{titre}, contre le même SQL par asyncpg, rendu", mine.ratio(bare), 2.5, detail=detail),
        Chiffre(f"{titre} : instructions SQL", instructions, 6, ""),
    ]


def espace(banc: Banc, effort: Effort) -> list[Chiffre]:
    """Mon espace of a person with twenty dossiers."""
    return _signed(banc, effort, ESPACE, "espace", "Mon espace, 20 dossiers")


def bureau(banc: Banc, effort: Effort) -> list[Chiffre]:
    """An agent's desk: fifty rows of a commune's dossiers."""
    return _signed(banc, effort, BUREAU, "bureau", f"Bureau, 50 lignes de {banc.jeu.dossiers} dossiers")


def depot(banc: Banc, effort: Effort) -> list[Chiffre]:
    """The last form of a démarche, with everything it writes, against the bare INSERTs of the same rows."""
    drafts: list[tuple[object, tuple[str, dict[str, str]]]] = []

    def prepare() -> None:
        visiteur = banc.visiteur()
        drafts.append((visiteur, fill_draft(visiteur)))

    def deposer() -> None:
        visiteur, draft = drafts.pop()
        submit(visiteur, draft)  # type: ignore[arg-type]

    counted = banc.visiteur()
    draft = fill_draft(counted)
    counted.instructions, counted.compte = 0, "depot"
    submit(counted, draft)
    bare = banc.visiteur()
    series = compare(
        [
            Concurrent("portail", banc.cible, deposer, effort.ecritures, avant=prepare),
            Concurrent(
                "nu",
                banc.cible,
                lambda: (bare.post(f"{PREFIXE}ecrire", {}), None)[1],
                effort.ecritures,
                avant=lambda: None,
            ),
        ],
        effort.tours,
    )
    mine, theirs = series["portail"], series["nu"]
    detail = f"{mine.ms:.2f} ms contre {theirs.ms:.2f} ms"
    return [
        Chiffre(
            "Dépôt complet, contre les INSERT nus des mêmes lignes", mine.ratio(theirs), 4, detail=detail
        ),
        Chiffre("Dépôt complet : instructions SQL", counted.instructions, None, ""),
    ]


def parcours(banc: Banc, effort: Effort) -> list[Chiffre]:
    """The whole anonymous journey against one bare page of the mean size of those that it shows."""
    whole_journey(banc)
    counted = whole_journey(banc, "parcours")
    size = round(mean(counted.pages))
    series = compare(
        [
            Concurrent("portail", banc.cible, lambda: (whole_journey(banc), None)[1], effort.ecritures),
            Concurrent("nue", banc.cible, _bare(banc, f"page/{size}"), effort.lectures),
        ],
        effort.tours,
    )
    mine, bare = series["portail"], series["nue"]
    detail = (
        f"{mine.ms:.1f} ms contre {bare.ms:.2f} ms, {counted.requetes} requêtes, redirections comprises, "
    )
    detail += f"{size} octets par page"
    return [
        Chiffre("Parcours anonyme entier, contre une page Jinja nue", mine.ratio(bare), 60, detail=detail),
        Chiffre("Parcours anonyme entier : instructions SQL", counted.instructions, 30, ""),
    ]


ESSAIS: dict[str, Callable[[Banc, Effort], list[Chiffre]]] = {
    "accueil": accueil,
    "conditionnel": conditionnel,
    "espace": espace,
    "bureau": bureau,
    "depot": depot,
    "parcours": parcours,
}
