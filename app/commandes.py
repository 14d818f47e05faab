"""What every command of `kumun` shares: settings, one kernel for a piece of work, refusals as sentences, progress."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer
from alembic.config import Config
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from app.bootstrap import make_noyau
from app.collectivites.import_csv import FichierIllisibleError
from app.config import ROOT, Settings, SettingsError, load_settings
from app.socle import embarque
from app.socle.errors import BusinessError
from app.socle.noyau import Noyau
from app.socle.rebonds import BoiteIndisponibleError
from app.socle.sauvegarde.manifeste import Avancement

out, err = Console(highlight=False), Console(stderr=True, highlight=False)
T = TypeVar("T")


def settings_or_exit() -> Settings:
    """The settings, or every reason why there are none."""
    try:
        return load_settings()
    except SettingsError as error:
        err.print(f"[red]Réglages incorrects :[/red]\n{escape(str(error))}")
        raise typer.Exit(1) from None


def run(work: Callable[[Noyau], Awaitable[T]]) -> T:
    """Runs one piece of work with a kernel; a refusal is a sentence and exit code 1."""
    settings = settings_or_exit()

    async def whole() -> T:
        noyau = make_noyau(settings)
        try:
            return await work(noyau)
        finally:
            await noyau.oidc.close()
            await noyau.stop()

    try:
        return asyncio.run(whole())
    except (BusinessError, SettingsError, FichierIllisibleError, BoiteIndisponibleError) as error:
        err.print(f"[red]{escape(str(getattr(error, 'message', None) or error))}[/red]")
        raise typer.Exit(1) from None


def migration_url(settings: Settings) -> str:
    """The owner's address as the migrations' driver wants it."""
    url = settings.database_url_proprietaire
    if not url:
        serveur = embarque.adresses(settings.var)
        if serveur is None or settings.database_url:
            err.print(
                "[red]KUMUN_DATABASE_URL_PROPRIETAIRE manque : les migrations s’exécutent en propriétaire.[/red]"
            )
            raise typer.Exit(1)
        url = serveur.url_proprietaire
    return url.replace("postgresql+asyncpg://", "postgresql+psycopg://", 1)


def alembic_config(settings: Settings) -> Config:
    """The migrations, and the database that they bring forward."""
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = migration_url(settings)
    return config


def say_faults(faults: list[str]) -> None:
    """One line per fault and exit code 1, if there is any."""
    for fault in faults:
        err.print(f"[red]{escape(fault)}[/red]")
    if faults:
        raise typer.Exit(1)


@contextmanager
def progress() -> Iterator[Avancement]:
    """A bar per step, on the error output: what scripts read stays clean."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
    )
    with Progress(*columns, console=err) as bars:
        tasks: dict[str, Any] = {}

        def tell(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield tell
