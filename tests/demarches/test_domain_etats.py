"""Every transition of a dossier, allowed or forbidden, is listed here."""

from collections.abc import Callable

import pytest

from app.demarches.domain import (
    ETATS_FINAUX,
    LIBELLES_ETAT,
    Etat,
    TransitionRefuseeError,
    classer_sans_suite,
    completer,
    decider,
    demander_complement,
    deposer,
    prendre_en_charge,
    retirer,
)

ACTES: dict[str, Callable[[Etat], Etat]] = {
    "deposer": deposer,
    "prendre_en_charge": prendre_en_charge,
    "demander_complement": demander_complement,
    "completer": completer,
    "accepter": lambda etat: decider(etat, "accepte"),
    "refuser": lambda etat: decider(etat, "refuse"),
    "classer_sans_suite": classer_sans_suite,
    "retirer": retirer,
}

ALLOWED: dict[tuple[str, str], str] = {
    ("brouillon", "deposer"): "depose",
    ("depose", "prendre_en_charge"): "en_instruction",
    ("depose", "classer_sans_suite"): "sans_suite",
    ("depose", "retirer"): "retire",
    ("en_instruction", "demander_complement"): "en_attente",
    ("en_instruction", "accepter"): "accepte",
    ("en_instruction", "refuser"): "refuse",
    ("en_instruction", "classer_sans_suite"): "sans_suite",
    ("en_instruction", "retirer"): "retire",
    ("en_attente", "completer"): "en_instruction",
    ("en_attente", "accepter"): "accepte",
    ("en_attente", "refuser"): "refuse",
    ("en_attente", "classer_sans_suite"): "sans_suite",
    ("en_attente", "retirer"): "retire",
}


@pytest.mark.parametrize("acte", ACTES)
@pytest.mark.parametrize("etat", list(Etat))
def test_an_act_leads_to_the_listed_state_or_is_refused(etat: Etat, acte: str) -> None:
    expected = ALLOWED.get((etat.value, acte))
    if expected is not None:
        assert ACTES[acte](etat) is Etat(expected)
        return
    with pytest.raises(TransitionRefuseeError) as caught:
        ACTES[acte](etat)
    assert caught.value.status == 409
    assert caught.value.code.endswith("_impossible")
    assert caught.value.message.startswith("Ce dossier")
    assert caught.value.message.endswith(".")


def test_nothing_leaves_a_final_state() -> None:
    assert not [key for key in ALLOWED if Etat(key[0]) in ETATS_FINAUX]


def test_every_state_has_a_label() -> None:
    assert set(LIBELLES_ETAT) == set(Etat)
