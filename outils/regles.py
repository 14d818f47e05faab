"""The house rules that no ready-made linter holds, as small AST and text checks; each has its test on a planted fault.

A line that must break a rule says so, on itself or on the line above: `# regle: <nom> – raison` (in a template
`{# regle: <nom> – raison #}`). A rule about a whole file takes the comment in its first ten lines.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from outils.glossaire import Jumeau, read_twins, words_of

ROOT = Path(__file__).resolve().parent.parent

FILE_LINES = 400
FUNCTION_LINES = 60
HEAD_LINES = 10
# Callers of the audited door through the perimeter. A new one is a decision: add it here with its reason.
HORS_CLOISON_CALLERS: dict[str, str] = {
    "app/socle/": "the kernel defines the door and resolves hosts, people and sessions before any perimeter exists",
    "app/collectivites/": "onboarding creates the collectivités themselves",
    "app/identite/cles.py": "a collectivité's FranceConnect client is set by the platform, under audit",
    "app/portail/console": "the OPSN console works on the whole installation, under audit",
    "app/portail/demonstration.py": "the demonstration makes collectivités, agents and their démarches",
    "app/demarches/tasks_echeances.py": "the dates that come near are looked for in every collectivité",
    "app/demarches/service/edition": "shared démarches are the platform's, for administrators of the OPSN, under audit",
    "app/demarches/service/publication_fichier.py": "shared démarches are the platform's, from the command line too",
    "app/demarches/service/publication.py": "a publication counts and moves dossiers that its editor may not read",
    "app/portail/cles.py": "an owner's key is found and destroyed by the operator, under audit",
    "app/demarches/tasks.py": "the purge of abandoned drafts finds them in every collectivité",
    "app/rendezvous/service/ouvertures.py": "the night expands the rules of every collectivité",
    "app/rendezvous/service/reservation.py": "the sweep finds the holds that are over in every collectivité",
    "app/rendezvous/service/annonces.py": "reminders that are due are found in every collectivité",
    "app/demarches/service/rebonds.py": "a returned message names an e-mail, not its collectivité",
    "app/demarches/tasks_conservation.py": "what comes to its term is looked for in every collectivité",
    "app/portail/verification.py": "checks of the whole installation",
    "app/demarches/tasks_bureau.py": "the desk's jobs find agents, their rights and what is due in every collectivité",
}

_SKIP = re.compile(r"#\s*regle:\s*(?P<nom>[a-z-]+)\s*[–-]\s*\S")
_MACHINE = re.compile(r"(?<![\w.}~-])/(?:root|home|work|farm|Users|private|mnt)/\w|/tmp/\w+/\w")
_THREAD = re.compile(r"\b(?:issue|ticket|pull request)\s+#?\d+|\bsub-?agents?\b", re.IGNORECASE)
_REGISTRY = re.compile(r"https?://(?:registry\.npmjs|pypi\.|files\.pythonhosted)", re.IGNORECASE)
_UNFINISHED = re.compile(r"(?:#|\{#|//)\s*(?:T[O]DO|F[I]XME|X{3}|H[A]CK)\b|\bNotImplementedError\b")
_SAFE = re.compile(r"\|\s*safe\b")
_INLINE = (
    (re.compile(r"""\shx-on[:\-=]""", re.I), "hx-on needs eval, which our Content-Security-Policy forbids"),
    (re.compile(r"""\shx-(?:vals|headers)\s*=\s*["']js:""", re.I), "js: values need eval"),
    (re.compile(r"""\shx-trigger\s*=\s*["'][^"']*\["""), "trigger filters need eval"),
    (re.compile(r"""<[a-z][^<>]*\son[a-z]+\s*=\s*["']""", re.I), "inline event handler"),
    (
        re.compile(r"""<script(?![^>]*\bsrc=)(?![^>]*type=["']application/(?:ld\+)?json)[^>]*>""", re.I),
        "inline script",
    ),
    (re.compile(r"""<style\b|<[a-z][^<>]*\sstyle\s*=""", re.I), "inline style"),
    (re.compile(r"""(?:href|action|src)\s*=\s*["']\s*javascript:""", re.I), "javascript: address"),
)


@dataclass(frozen=True)
class Faute:
    """One broken rule, where and why."""

    path: str
    line: int
    nom: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.nom}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One file as the rules see it; `path` is relative to the root, with slashes."""

    path: str
    text: str

    @property
    def lines(self) -> list[str]:
        """Its lines."""
        return self.text.splitlines()

    def under(self, *folders: str) -> bool:
        """Whether it lies in one of these folders, or is one of these files."""
        return any(self.path == folder or self.path.startswith(f"{folder}/") for folder in folders)

    def skips(self, faute: Faute) -> bool:
        """Whether a named comment with a reason allows this fault."""
        whole_file = faute.line == 1
        near = self.lines[:HEAD_LINES] if whole_file else self.lines[max(0, faute.line - 2) : faute.line]
        return any(match["nom"] == faute.nom for line in near for match in _SKIP.finditer(line))


Regle = Callable[[Source], Iterator[Faute]]


def _python(source: Source) -> ast.Module:
    return ast.parse(source.text, filename=source.path)


def _calls(source: Source, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(_python(source)):
        if isinstance(node, ast.Call):
            function = node.func
            if (isinstance(function, ast.Name) and function.id == name) or (
                isinstance(function, ast.Attribute) and function.attr == name
            ):
                yield node


def rule_sizes(source: Source) -> Iterator[Faute]:
    """A file has at most 400 lines, a function 60: split by sub-noun, never by `utils`."""
    count = len(source.lines)
    if count > FILE_LINES:
        yield Faute(source.path, 1, "taille-fichier", f"{count} lines, {FILE_LINES} at most")
    if not source.under("app", "simulateurs", "outils", "benchmarks", "tests/conftest.py"):
        return
    for node in ast.walk(_python(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                message = f"{node.name} has {length} lines, {FUNCTION_LINES} at most"
                yield Faute(source.path, node.lineno, "taille-fonction", message)


def rule_docstring(source: Source) -> Iterator[Faute]:
    """Every file opens by saying what it is for."""
    if not ast.get_docstring(_python(source)):
        yield Faute(source.path, 1, "docstring", "the file does not open with a docstring")


def rule_commit(source: Source) -> Iterator[Faute]:
    """Only `app/socle/db.py` commits: one transaction per request, committed before the answer."""
    if not source.under("app") or source.path == "app/socle/db.py":
        return
    for call in _calls(source, "commit"):
        yield Faute(source.path, call.lineno, "commit", "commit() belongs to app/socle/db.py")


def rule_sql(source: Source) -> Iterator[Faute]:
    """Textual SQL stands in repositories, in the kernel and in migrations."""
    if not source.under("app") or source.under("app/socle"):
        return
    if "repository" in Path(source.path).with_suffix("").parts:
        return
    for call in _calls(source, "text"):
        if isinstance(call.func, ast.Name) or ast.unparse(call.func) in {"sa.text", "sqlalchemy.text"}:
            yield Faute(source.path, call.lineno, "sql-texte", "textual SQL belongs to a repository.py")


def rule_hors_cloison(source: Source) -> Iterator[Faute]:
    """The door through the perimeter has a written list of callers."""
    if not source.under("app") or any(source.path.startswith(prefix) for prefix in HORS_CLOISON_CALLERS):
        return
    for call in _calls(source, "hors_cloison"):
        yield Faute(
            source.path, call.lineno, "hors-cloison", "not in HORS_CLOISON_CALLERS of outils/regles.py"
        )


def rule_words(source: Source) -> Iterator[Faute]:
    """The project speaks of itself: no machine's path, no thread number, no registry address, nothing unfinished."""
    checks = (
        (_MACHINE, "chemin-de-machine", "absolute path of one machine"),
        (_THREAD, "fil", "the reason belongs here, not the number of a thread"),
        (_REGISTRY, "registre", "address of a package registry"),
        (_UNFINISHED, "inacheve", "finish it, or take it out"),
    )
    for number, line in enumerate(source.lines, 1):
        for pattern, nom, message in checks:
            if pattern.search(line):
                yield Faute(source.path, number, nom, message)


def rule_template(source: Source) -> Iterator[Faute]:
    """Templates escape everything and carry no inline script or style (mails must carry their style)."""
    letter = source.under("templates/courriels")
    text = re.sub(r"\{#.*?#\}", lambda found: re.sub(r"[^\n]", " ", found[0]), source.text, flags=re.S)
    for found in _SAFE.finditer(text):
        yield Faute(
            source.path, _line(text, found), "safe", "|safe lets markup through: return Markup from Python"
        )
    for pattern, message in () if letter else _INLINE:
        for found in pattern.finditer(text):
            yield Faute(source.path, _line(text, found), "en-ligne", message)


def _line(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1


def _definitions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno


def twin_rule(twins: list[Jumeau]) -> Regle:
    """One word per thing: what we name carries no forbidden twin of `docs/glossaire.md`."""

    def rule(source: Source) -> Iterator[Faute]:
        if not source.under("app"):
            return
        for name, line in sorted(set(_definitions(_python(source))), key=lambda found: found[1]):
            for twin in twins:
                if twin.is_in(words_of(name)) and not source.under(*twin.allowed_in):
                    message = f"{name}: the word is « {twin.mot} », not « {twin.jumeau} » (docs/glossaire.md)"
                    yield Faute(source.path, line, "jumeau", message)

    return rule


def alembic_heads(folder: Path) -> list[str]:
    """Revisions that no other one follows, read from the files; sorted."""
    revisions: set[str] = set()
    followed: set[str] = set()
    for path in sorted(folder.glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            value = getattr(node, "value", None)
            if not isinstance(target, ast.Name) or value is None:
                continue
            if target.id == "revision":
                revisions.add(ast.literal_eval(value))
            elif target.id == "down_revision":
                parents = ast.literal_eval(value)
                followed.update([parents] if isinstance(parents, str) else parents or [])
    return sorted(revisions - followed)


PYTHON_RULES: tuple[Regle, ...] = (
    rule_sizes,
    rule_docstring,
    rule_commit,
    rule_sql,
    rule_hors_cloison,
    rule_words,
)
TEMPLATE_RULES: tuple[Regle, ...] = (rule_template, rule_words)
OTHER_RULES: tuple[Regle, ...] = (rule_words,)


def check(source: Source, twins: list[Jumeau]) -> list[Faute]:
    """Faults of one file, without those that a named comment allows."""
    if source.path.endswith(".py"):
        rules = PYTHON_RULES if source.under("migrations") else (*PYTHON_RULES, twin_rule(twins))
    elif source.under("templates") and not source.path.endswith(".md"):
        rules = TEMPLATE_RULES
    else:
        rules = OTHER_RULES
    return [faute for rule in rules for faute in rule(source) if not source.skips(faute)]


def project_files(root: Path = ROOT) -> Iterator[Source]:
    """The project's own text files: known to git or about to be, without data and what others made."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    kept = (
        ".py",
        ".html",
        ".txt",
        ".md",
        ".css",
        ".js",
        ".sh",
        ".toml",
        ".yaml",
        ".yml",
        ".sql",
        ".ini",
        "Makefile",
    )
    for path in sorted(set(listed.stdout.split("\0"))):
        others = path.startswith(("static/vendor/", "data/", "requirements/"))
        if path.endswith((*kept, "Dockerfile")) and not others and (root / path).is_file():
            yield Source(path, (root / path).read_text(encoding="utf-8"))


def faults(root: Path = ROOT) -> list[Faute]:
    """Every fault of the project."""
    twins = read_twins(root / "docs" / "glossaire.md")
    found = [faute for source in project_files(root) for faute in check(source, twins)]
    versions = root / "migrations" / "versions"
    heads = alembic_heads(versions) if versions.is_dir() else []
    if len(heads) > 1:
        found.append(Faute("migrations/versions", 1, "tete-alembic", f"several heads: {', '.join(heads)}"))
    return found


def main() -> int:
    """Print every fault; 1 if there is one."""
    found = faults()
    for faute in found:
        print(faute)
    print(f"{len(found)} faute(s)" if found else "règles de la maison : rien à redire")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
