"""Writes RESULTS.md: each figure with its target and the command that gives it again."""

import os
import platform
from pathlib import Path

from benchmarks.essais import Chiffre

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
HEAD = """# What the portal costs

Written by `make bench`. Time is CPU time (user and system) of the web process and of its PostgreSQL backends, worker
apart, because the machines that measure are shared. Compared things run in the same server, in interleaved rounds; a
ratio is the median of the rounds' own ratios. A statement is what the driver sends, the session's look-up included,
without BEGIN, COMMIT and the perimeter.

The ceilings are bare endpoints of a FastAPI application to which nothing is added, in the same process. For a public
page and for the journey: a plain Jinja page (sixteen cards, then text) of the same size, of the mean size of the
journey's pages. For a list: the statements that the portal sent, recorded and sent again by asyncpg alone in one
transaction, and their rows drawn by a plain template, one loop and no macro, into the portal’s own markup: both pages
are the same but for white space (`benchmarks/plafonds.py`). For a submission: the INSERTs of its six rows in one
transaction.

"""


def write(sections: list[tuple[str, str, list[Chiffre]]], rapide: bool) -> str:
    """The page, also returned: one table a section (title, command, figures)."""
    lines = [HEAD]
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    kind = "short run (--rapide): orders of magnitude only" if rapide else "full run"
    lines.append(f"{machine}, Python {platform.python_version()}; {kind}.\n")
    text = "".join([*lines, *(_section(*section) for section in sections)])
    RESULTS.write_text(text, encoding="utf-8")
    return text


def replace(sections: list[tuple[str, str, list[Chiffre]]]) -> None:
    """Puts these sections in the place of the former ones of the same title, or at the end."""
    head, *parts = RESULTS.read_text(encoding="utf-8").split("\n## ")
    kept = {part.split("\n", 1)[0]: f"\n## {part.rstrip()}\n" for part in parts}
    for section in sections:
        kept[section[0]] = _section(*section)
    RESULTS.write_text("".join([f"{head.rstrip()}\n", *kept.values()]), encoding="utf-8")


def _section(title: str, command: str, chiffres: list[Chiffre]) -> str:
    table = "\n| what | figure | at most | met | |\n| --- | ---: | ---: | --- | --- |\n"
    return f"\n## {title}\n\n`{command}`\n{table}{''.join(map(_line, chiffres))}"


def _line(chiffre: Chiffre) -> str:
    met = {True: "yes", False: "**no**", None: ""}[chiffre.tenu]
    limit = "" if chiffre.limite is None else _number(chiffre.limite, chiffre.unite)
    return (
        f"| {chiffre.nom} | {_number(chiffre.valeur, chiffre.unite)} | {limit} | {met} | {chiffre.detail} |\n"
    )


def _number(value: float, unit: str) -> str:
    figure = f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{figure} {unit}".strip()
