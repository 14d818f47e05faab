"""The import of communes: a bad row is named with its reason, a commune gets its own host name."""

import io
import random
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.fr import siren as stdnum_siren

from app.collectivites.import_csv import (
    COLONNES,
    SLUGS_RESERVES,
    FichierIllisibleError,
    LigneCommune,
    LigneRefusee,
    attribuer_slugs,
    filtrer,
    is_siren,
    lire_communes,
    slug_de,
    slug_libre,
)

DATA = Path(__file__).resolve().parents[2] / "data"
HEAD = ",".join(COLONNES)
GUINGAMP = "22070,Guingamp,22,53,212200703,22200,7111,200067981,CA Guingamp-Paimpol,CA,"


def _lire(*lines: str, encoding: str = "utf-8") -> list[LigneCommune | LigneRefusee]:
    return list(lire_communes(io.BytesIO("\n".join(lines).encode(encoding))))


def _communes(path: Path) -> list[LigneCommune]:
    with path.open("rb") as file:
        rows = list(lire_communes(file))
    assert [row for row in rows if isinstance(row, LigneRefusee)] == []
    return [row for row in rows if isinstance(row, LigneCommune)]


def _avec(**values: str) -> str:
    cells = dict(zip(COLONNES, GUINGAMP.split(","), strict=True)) | values
    return ",".join(cells.values())


def test_a_row_is_read_with_its_types() -> None:
    assert _lire(HEAD, _avec(codes_postaux="22200 22201", anciens_codes="22001 22002")) == [
        LigneCommune(
            ligne=2,
            code_insee="22070",
            nom="Guingamp",
            departement="22",
            region="53",
            siren="212200703",
            codes_postaux=("22200", "22201"),
            population=7111,
            epci_siren="200067981",
            epci_nom="CA Guingamp-Paimpol",
            epci_type="CA",
            anciens_codes=("22001", "22002"),
        )
    ]


def test_every_shipped_commune_is_accepted_and_has_its_own_host_name() -> None:
    communes = _communes(DATA / "communes-france.csv")
    slugs = attribuer_slugs(communes)
    assert len(communes) == 34_969
    assert len(set(slugs.values())) == len(communes)
    assert not set(slugs.values()) & SLUGS_RESERVES
    assert all(slug == slug_de(slug) and len(slug) <= 63 for slug in slugs.values())


def test_breton_communes_keep_their_plain_name_unless_it_is_shared() -> None:
    slugs = attribuer_slugs(_communes(DATA / "communes-bretagne.csv"))
    assert len(slugs) == 1_202
    assert [slugs[code] for code in ("22070", "22129", "35238", "29155")] == [
        "guingamp",
        "loc-envel",
        "rennes",
        "ouessant",
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (_avec(code_insee=""), "code INSEE absent"),
        (_avec(code_insee="2207"), "code INSEE « 2207 » incorrect"),
        (_avec(code_insee="99999"), "code INSEE « 99999 » incorrect"),
        (_avec(nom=""), "nom absent"),
        (_avec(nom="BÃ©gard"), "nom « BÃ©gard » abîmé"),
        (_avec(siren="212200704"), "SIREN « 212200704 » incorrect"),
        (_avec(epci_siren="20006798"), "SIREN de l’EPCI « 20006798 » incorrect"),
        (_avec(population="7 111"), "population « 7 111 » incorrecte"),
        (_avec(population="-1"), "population « -1 » incorrecte"),
        (_avec(codes_postaux="2220"), "code postal « 2220 » incorrect"),
        ("22070,Guingamp", "2 colonnes au lieu de 11"),
        (GUINGAMP + ",trop", "12 colonnes au lieu de 11"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_the_reason(row: str, reason: str) -> None:
    refused = _lire(HEAD, _avec(code_insee="22001"), row)[1]
    assert isinstance(refused, LigneRefusee)
    assert refused.ligne == 3
    assert reason in str(refused)


def test_all_the_reasons_of_a_row_are_told_and_the_other_rows_are_kept() -> None:
    rows = _lire(HEAD, _avec(nom="", siren="1", population="x"), "", _avec())
    refused, kept = rows
    assert isinstance(refused, LigneRefusee)
    assert len(refused.raisons) == 3
    assert isinstance(kept, LigneCommune)
    assert kept.ligne == 4


def test_a_code_given_twice_is_refused_and_tells_where_it_was_first() -> None:
    refused = _lire(HEAD, _avec(), _avec(nom="Autre"))[1]
    assert isinstance(refused, LigneRefusee)
    assert refused.raisons == ("code INSEE déjà donné à la ligne 2",)


def test_line_numbers_stay_true_after_a_name_on_two_lines() -> None:
    rows = _lire(HEAD, _avec(code_insee="22001", epci_nom='"CC\nde deux lignes"'), _avec(nom=""))
    assert [row.ligne for row in rows] == [3, 4]


def test_semicolons_a_byte_order_mark_and_corsican_codes_are_understood() -> None:
    row = _avec(code_insee="2a004", departement="", nom="Ajaccio").replace(",", ";")
    commune = _lire("\ufeff" + HEAD.replace(",", ";"), row)[0]
    assert isinstance(commune, LigneCommune)
    assert (commune.code_insee, commune.departement) == ("2A004", "2A")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), "Le fichier est vide"),
        ((HEAD.replace("siren,codes", "codes"), GUINGAMP), "Il manque la colonne siren"),
        ((GUINGAMP,), "Il manque la colonne code_insee"),
    ],
)
def test_a_file_without_its_columns_is_refused_as_a_whole(lines: tuple[str, ...], reason: str) -> None:
    with pytest.raises(FichierIllisibleError, match=reason):
        _lire(*lines)


def test_a_file_in_another_encoding_is_refused_with_what_to_do() -> None:
    with pytest.raises(FichierIllisibleError, match="CSV UTF-8"):
        _lire(HEAD, _avec(nom="Bégard"), encoding="latin-1")


def test_rows_come_one_by_one_without_reading_the_whole_file() -> None:
    class Source(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            chunk = (
                HEAD + "\n" if not self.given else f"{_avec(code_insee=f'{10000 + self.given}')}\n"
            ).encode()
            self.given += 1
            buffer[: len(chunk)] = chunk
            return len(chunk)

    source = Source()
    rows = lire_communes(io.BufferedReader(source, buffer_size=512))
    assert isinstance(next(rows), LigneCommune)
    assert source.given < 1_000


def test_communes_are_filtered_by_epci_or_departement() -> None:
    communes = _communes(DATA / "communes-bretagne.csv")
    by_siren = [row.nom for row in filtrer(communes, epci="200067981")]
    by_name = [row.nom for row in filtrer(communes, epci="guingamp-paimpol agglomeration")]
    assert by_siren == by_name
    assert {"Guingamp", "Loc-Envel"} <= set(by_siren)
    assert "Rennes" not in by_siren
    assert {row.departement for row in filtrer(communes, departement="29")} == {"29"}
    assert list(filtrer(communes, epci="200067981", departement="35")) == []


@pytest.mark.parametrize(
    ("nom", "slug"),
    [
        ("L'Haÿ-les-Roses", "l-hay-les-roses"),
        ("Œuilly", "oeuilly"),
        ("Saint-Méen-le-Grand", "saint-meen-le-grand"),
        ("Plouër-sur-Rance (anc. Plouër)", "plouer-sur-rance-anc-plouer"),
        ("Y", "y"),
    ],
)
def test_a_name_becomes_a_host_label(nom: str, slug: str) -> None:
    assert slug_de(nom) == slug


def test_a_taken_or_reserved_name_takes_its_departement_then_its_code() -> None:
    assert slug_libre("Saint-Aubin", "22", "22001", set()) == "saint-aubin"
    assert slug_libre("Saint-Aubin", "22", "22001", {"saint-aubin"}) == "saint-aubin-22"
    assert slug_libre("Saint-Aubin", "22", "22001", {"saint-aubin", "saint-aubin-22"}) == "saint-aubin-22001"
    assert slug_libre("Mon", "2A", "2A001", set()) == "mon-2a"
    with pytest.raises(ValueError, match="22001"):
        slug_libre("A", "22", "22001", {"a", "a-22", "a-22001"})


def test_homonyms_get_the_same_host_names_whatever_the_order_of_the_file() -> None:
    communes = _communes(DATA / "communes-bretagne.csv")
    shuffled = list(communes)
    random.Random(1).shuffle(shuffled)  # noqa: S311 - any order will do
    assert attribuer_slugs(shuffled) == attribuer_slugs(communes)


def _homonyms(rows: Iterable[tuple[str, str]]) -> list[LigneCommune]:
    lines = [
        _avec(code_insee=f"{dep}{index:03d}", nom=nom, departement=dep)
        for index, (nom, dep) in enumerate(rows)
    ]
    return [row for row in _lire(HEAD, *lines) if isinstance(row, LigneCommune)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Mon", "Trébry", "Trebry", "Trébry-22", "Www"]), st.sampled_from(["22", "35"])
        ),
        max_size=12,
    ),
    st.sets(st.sampled_from(["trebry", "trebry-22", "mon-22"])),
)
def test_no_two_communes_ever_share_a_host_name(rows: list[tuple[str, str]], taken: set[str]) -> None:
    communes = _homonyms(rows)
    slugs = attribuer_slugs(communes, taken)
    assert len(set(slugs.values())) == len(communes)
    assert not set(slugs.values()) & (taken | SLUGS_RESERVES)


@given(st.integers(0, 10**9 - 1).map(lambda value: f"{value:09d}"))
def test_the_key_of_a_siren_is_checked_as_the_reference_library_does(text: str) -> None:
    assert is_siren(text) == stdnum_siren.is_valid(text)
