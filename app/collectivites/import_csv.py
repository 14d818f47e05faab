"""Reads a CSV of communes row by row and gives each a host name of its own; a bad row is told, never guessed.

Columns are those of `data/communes-bretagne.csv`. Codes: *Code officiel géographique* (INSEE); SIREN with
Luhn's key.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

COLONNES = (
    "code_insee",
    "nom",
    "departement",
    "region",
    "siren",
    "codes_postaux",
    "population",
    "epci_siren",
    "epci_nom",
    "epci_type",
    "anciens_codes",
)

# Host names of the installation itself, and those that would pass for an official or technical one.
SLUGS_RESERVES = frozenset(
    {
        "admin",
        "agents",
        "aide",
        "ants",
        "api",
        "app",
        "assets",
        "autoconfig",
        "autodiscover",
        "blog",
        "cdn",
        "connexion",
        "demo",
        "dev",
        "docs",
        "essais",
        "franceconnect",
        "ftp",
        "git",
        "gouv",
        "imap",
        "impots",
        "localhost",
        "mail",
        "mairie",
        "media",
        "mon",
        "mx",
        "ns",
        "ns1",
        "ns2",
        "opsn",
        "payfip",
        "preprod",
        "proconnect",
        "sante",
        "service-public",
        "simulateurs",
        "smtp",
        "staging",
        "static",
        "status",
        "support",
        "test",
        "webmail",
        "www",
    }
)
_SLUG_MAX = 50
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "’": "'"})


@dataclass(frozen=True, slots=True)
class LigneCommune:
    """A commune as the file gives it; population and SIREN are None where the file has none."""

    ligne: int
    code_insee: str
    nom: str
    departement: str
    region: str
    siren: str | None
    codes_postaux: tuple[str, ...]
    population: int | None
    epci_siren: str | None
    epci_nom: str
    epci_type: str
    anciens_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LigneRefusee:
    """A row that cannot be taken: its line in the file, what names it, and every reason, in French."""

    ligne: int
    designation: str
    raisons: tuple[str, ...]

    def __str__(self) -> str:
        return f"Ligne {self.ligne} ({self.designation}) : {' ; '.join(self.raisons)}"


class FichierIllisibleError(Exception):
    """The file as a whole cannot be read; the text is a French sentence that says what to do."""


def lire_communes(fichier: BinaryIO) -> Iterator[LigneCommune | LigneRefusee]:
    """Each row of a CSV (UTF-8, comma or semicolon), good or refused, without holding the file in memory.

    FichierIllisibleError when the file is empty, lacks a column or is not UTF-8: rows given before a wrong
    byte must then be thrown away by the caller's transaction. A code given twice is refused the second time.
    """
    text = io.TextIOWrapper(fichier, encoding="utf-8-sig", newline="")
    line = 1
    try:
        head = text.readline()
        separator = ";" if head.count(";") > head.count(",") else ","
        columns = [name.strip() for name in next(csv.reader([head], delimiter=separator), [])]
        _check_columns(columns)
        seen: dict[str, int] = {}
        reader = csv.reader(text, delimiter=separator)
        for cells in reader:
            line = reader.line_num + 1
            if any(cell.strip() for cell in cells):
                yield _row(line, columns, cells, seen)
    except UnicodeDecodeError:
        raise FichierIllisibleError(
            f"Le fichier n’est pas en UTF-8 (après la ligne {line}) : enregistrez-le au format « CSV UTF-8 »."
        ) from None
    except csv.Error as error:
        raise FichierIllisibleError(
            f"Le fichier n’est pas un CSV lisible après la ligne {line} : {error}."
        ) from None
    finally:
        text.detach()


def filtrer(
    lignes: Iterable[LigneCommune], *, epci: str | None = None, departement: str | None = None
) -> Iterator[LigneCommune]:
    """The communes of an EPCI (its SIREN, or a part of its name) and of a département, when given."""
    wanted = plain(epci) if epci else ""
    for row in lignes:
        if departement and row.departement != departement.upper():
            continue
        if (
            wanted
            and wanted != (row.epci_siren or "")
            and (wanted.isdigit() or wanted not in plain(row.epci_nom))
        ):
            continue
        yield row


def slug_de(nom: str) -> str:
    """A name as a host label: lower case, ASCII letters, digits and single hyphens, 50 characters at most."""
    text = re.sub(r"[^a-z0-9]+", "-", plain(nom)).strip("-")
    return text[:_SLUG_MAX].strip("-")


def slug_libre(nom: str, departement: str, code_insee: str, pris: Collection[str]) -> str:
    """The first free of name, name-département, name-code; the same for the same input and `pris`.

    Reserved words are never given. ValueError when even the last is taken, which a duplicate code alone can
    cause.
    """
    for slug in _slugs(nom, departement, code_insee):
        if slug not in pris and slug not in SLUGS_RESERVES:
            return slug
    raise ValueError(f"no free host name for {code_insee}")


def slugs_possibles(ligne: LigneCommune) -> tuple[str, ...]:
    """Every host name that a commune may be given, the best first."""
    return _slugs(ligne.nom, ligne.departement, ligne.code_insee)


def _slugs(nom: str, departement: str, code_insee: str) -> tuple[str, ...]:
    base = slug_de(nom) or "commune"
    return base, f"{base}-{departement.lower()}", f"{base}-{code_insee.lower()}"


def attribuer_slugs(lignes: Iterable[LigneCommune], pris: Collection[str] = ()) -> dict[str, str]:
    """Host name of each commune, by INSEE code.

    Homonyms among the rows all take their département, so that the result does not depend on their order and
    no commune takes a name that another could claim.
    """
    rows = sorted(((slug_de(row.nom), row) for row in lignes), key=lambda pair: pair[1].code_insee)
    count = Counter(base for base, _ in rows)
    # A shared name is given to nobody; unshared names are served first, so that none is taken by a homonym.
    taken = set(pris) | {base for base, times in count.items() if times > 1}
    found: dict[str, str] = {}
    for base, row in sorted(rows, key=lambda pair: count[pair[0]] > 1):
        slug = slug_libre(base, row.departement, row.code_insee, taken)
        taken.add(slug)
        found[row.code_insee] = slug
    return found


def _check_columns(columns: list[str]) -> None:
    if not any(columns):
        raise FichierIllisibleError(
            "Le fichier est vide : il faut au moins une ligne de titres et une commune."
        )
    missing = [name for name in COLONNES if name not in columns]
    if missing:
        raise FichierIllisibleError(
            f"Il manque la colonne {', '.join(missing)} : la première ligne doit contenir "
            f"{', '.join(COLONNES)}."
        )


def _row(
    line: int, columns: list[str], cells: list[str], seen: dict[str, int]
) -> LigneCommune | LigneRefusee:
    value = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
    reasons: list[str] = []
    if len(cells) != len(columns):
        reasons.append(f"{len(cells)} colonnes au lieu de {len(columns)}")
        value = dict.fromkeys(COLONNES, "") | value
    code = value["code_insee"].upper()
    for check, name in _CONTROLES:
        if reason := check(value[name]):
            reasons.append(reason)
    if code and code in seen:
        reasons.append(f"code INSEE déjà donné à la ligne {seen[code]}")
    if reasons:
        return LigneRefusee(line, value["nom"] or code or "sans nom", tuple(reasons))
    seen[code] = line
    return LigneCommune(
        ligne=line,
        code_insee=code,
        nom=unicodedata.normalize("NFC", value["nom"]),
        departement=(value["departement"] or departement_de(code)).upper(),
        region=value["region"],
        siren=value["siren"] or None,
        codes_postaux=tuple(value["codes_postaux"].split()),
        population=int(value["population"]) if value["population"] else None,
        epci_siren=value["epci_siren"] or None,
        epci_nom=unicodedata.normalize("NFC", value["epci_nom"]),
        epci_type=value["epci_type"],
        anciens_codes=tuple(value["anciens_codes"].split()),
    )


def departement_de(code_insee: str) -> str:
    """The département of an INSEE code: two characters, three overseas."""
    return code_insee[:3] if code_insee.startswith(("97", "98")) else code_insee[:2]


def plain(text: str) -> str:
    """A text in lower case, without accents or ligatures, to compare names."""
    folded = unicodedata.normalize("NFKD", text.translate(_LIGATURES)).encode("ascii", "ignore").decode()
    return folded.lower().strip()


def _bad_code(text: str) -> str:
    if not text:
        return "code INSEE absent"
    ok = re.fullmatch(r"(0[1-9]|[1-8][0-9]|9[0-8]|2[AB])[0-9]{3}", text.upper())
    return "" if ok else f"code INSEE « {text} » incorrect : cinq caractères, par exemple 22070 ou 2A004"


def _bad_name(text: str) -> str:
    if not text:
        return "nom absent"
    if "\ufffd" in text or "Ã" in text:
        return f"nom « {text} » abîmé : le fichier a été enregistré dans un autre encodage que UTF-8"
    return ""


def _bad_siren(text: str) -> str:
    return "" if not text or is_siren(text) else f"SIREN « {text} » incorrect : neuf chiffres avec leur clé"


def _bad_epci(text: str) -> str:
    return (
        ""
        if not text or is_siren(text)
        else f"SIREN de l’EPCI « {text} » incorrect : neuf chiffres avec leur clé"
    )


def _bad_population(text: str) -> str:
    ok = not text or (text.isascii() and text.isdigit() and len(text) < 9)
    return "" if ok else f"population « {text} » incorrecte : un nombre entier, sans espace"


def _bad_postcodes(text: str) -> str:
    ok = all(len(code) == 5 and code.isascii() and code.isdigit() for code in text.split())
    return "" if ok else f"code postal « {text} » incorrect : cinq chiffres, séparés par des espaces"


def is_siren(text: str) -> bool:
    """Whether these are nine digits with the right Luhn key, fast enough for every commune of France."""
    if len(text) != 9 or not (text.isascii() and text.isdigit()):
        return False
    doubled = (int(digit) * 2 for digit in text[1::2])
    return (sum(map(int, text[::2])) + sum(value - 9 if value > 9 else value for value in doubled)) % 10 == 0


_CONTROLES: tuple[tuple[Callable[[str], str], str], ...] = (
    (_bad_code, "code_insee"),
    (_bad_name, "nom"),
    (_bad_siren, "siren"),
    (_bad_epci, "epci_siren"),
    (_bad_population, "population"),
    (_bad_postcodes, "codes_postaux"),
)
