"""Every refusal that a resident may read is in the catalogues: marked, with its values named, never glued to them.

Read off the sources: the first argument of each refusal raised, and of `super().__init__` in each class of refusal.
"""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from app.socle.errors import BusinessError
from outils.langues import MARKERS, extract

ROOT = Path(__file__).resolve().parents[2]
# What only agents, administrators or operators of an installation read, in French: the rest is for residents.
METIER = (
    "app/collectivites/", "app/demarches/definitions/", "app/demarches/edition/", "app/demarches/expressions/",
    "app/demarches/documents.py", "app/demarches/routes/edition", "app/demarches/service/decision.py",
    "app/demarches/service/edition.py", "app/demarches/service/examen.py", "app/demarches/service/exports.py",
    "app/demarches/service/lots.py", "app/demarches/service/partage.py", "app/demarches/service/prise.py",
    "app/demarches/service/publication", "app/demarches/service/surcouches.py", "app/identite/cles.py",
    "app/portail/cles.py", "app/portail/console", "app/socle/sauvegarde/",
    "app/demarches/service/appels.py", "app/socle/sortie.py",
)  # fmt: skip
# Faults of ours and details for the log: the sentence shown is their class's.
INTERNES = ("app/socle/documents.py", "app/socle/lettres.py", "app/socle/mail.py", "app/socle/courriers.py")
# Classes whose first argument is a detail, not a sentence.
DETAIL = {
    "BucketMissingError", "DejaDeposeError", "ManquesError", "ObjectAlteredError", "ObjectDestroyedError",
    "ObjectExistsError", "ObjectMissingError", "StoreUnavailableError", "TransitionRefuseeError",
    "BodyTooHeavyError", "BodyTooLargeError", "FieldTooLongError", "FileTooHeavyError",
}  # fmt: skip


def refusals() -> set[str]:
    """The names of all classes of refusals."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        importlib.import_module(module.name)

    def below(parent: type[BusinessError]) -> Iterator[str]:
        for child in parent.__subclasses__():
            yield child.__name__
            yield from below(child)

    return {BusinessError.__name__, *below(BusinessError)}


def sentences(tree: ast.AST, names: set[str]) -> Iterator[tuple[ast.Call, str]]:
    """The calls whose first argument is what a person reads, with the refusal's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            if node.func.id in names - DETAIL:
                yield node, node.func.id
        elif isinstance(node, ast.ClassDef) and node.name in names:
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__" and call.args:
                    yield call, node.name


def fault_of(call: ast.Call, name: str, known: set[str]) -> str:
    """Why the sentence cannot be translated; empty when it can, or is given by somebody else (a variable)."""
    first = call.args[0]
    if isinstance(first, ast.Call) and ast.unparse(first.func) in ("N_", "phrase"):
        inner = first.args[0]
        first = inner.args[0] if isinstance(inner, ast.Call) and inner.args else inner
        name = "N_"
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value:
        if name not in MARKERS and ast.unparse(call.func) not in MARKERS:
            return "not marked by N_"
        return "" if first.value in known else "not in the catalogues"
    if isinstance(first, ast.JoinedStr | ast.BinOp) or (
        isinstance(first, ast.Call) and isinstance(first.func, ast.Attribute)
    ):
        return "glued to its values: use phrase(N_(…), name=…)"
    return ""


@pytest.fixture(scope="module")
def known() -> set[str]:
    """The sentences that both catalogues hold, as tests/portail/test_langues.py makes sure."""
    return {message.id for message in extract() if isinstance(message.id, str)}


def test_no_refusal_of_a_resident_is_left_in_french(known: set[str]) -> None:
    names = refusals()
    faults = []
    for path in sorted((ROOT / "app").rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        if place.startswith(METIER + INTERNES) or place == "app/socle/errors.py":
            continue
        for call, name in sentences(ast.parse(path.read_text(encoding="utf-8")), names):
            if fault := fault_of(call, name, known):
                faults.append(f"{place}:{call.lineno} {name}: {fault}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("NotFoundError(f'Le dossier {n} manque.')", "glued"),
        ("NotFoundError('Une phrase que personne n’a traduite.')", "not in the catalogues"),
        ("CodeIncorrectError('Recommencez.')", "not marked"),
        ("NotFoundError(' '.join(faults))", "glued"),
        ("NotFoundError(phrase)", ""),
    ],
)
def test_what_cannot_be_translated_is_seen(known: set[str], source: str, words: str) -> None:
    ((call, name),) = sentences(ast.parse(source), {"NotFoundError", "CodeIncorrectError"})
    assert words in fault_of(call, name, known)
    assert bool(words) == bool(fault_of(call, name, known))
