"""Numbers of dossiers survive the phone: any spelling is read, a wrong digit is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demarches.domain import NumeroIncorrectError, afficher_numero, lire_numero, nouveau_numero

numeros = st.integers(0, 9 * 10**10 - 1).map(lambda value: nouveau_numero(lambda below: value % below))


@given(numeros)
def test_a_number_has_twelve_digits_and_reads_back_however_it_is_spelt(numero: str) -> None:
    assert len(numero) == 12
    shown = afficher_numero(numero)
    assert [len(part) for part in shown.split("-")] == [4, 4, 4]
    for typed in (
        numero,
        shown,
        f" n° {shown} ",
        shown.replace("-", "\u00a0"),
        shown.replace("0", "O"),
        f"N°{shown}",
    ):
        assert lire_numero(typed) == numero


@given(numeros, st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_refused(numero: str, place: int, shift: int) -> None:
    wrong = str((int(numero[place]) + shift) % 10)
    with pytest.raises(NumeroIncorrectError, match="vérifiez chaque chiffre"):
        lire_numero(numero[:place] + wrong + numero[place + 1 :])


@pytest.mark.parametrize(
    "typed", ["", "4827", "4827-1935-60411", "dossier de Maëlle", "４８２７１９３５６０４１"]
)
def test_what_is_no_number_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(NumeroIncorrectError, match="12 chiffres") as caught:
        lire_numero(typed)
    assert caught.value.status == 422
