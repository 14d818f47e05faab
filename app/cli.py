"""The command line: `kumun --help`. Exit codes: 0 done, 1 refused or found wrong, 2 misused."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from alembic import command as alembic
from alembic.config import Config
from rich.console import Console

from app.bootstrap import make_noyau
from app.collectivites import service as collectivites
from app.collectivites.import_csv import FichierIllisibleError
from app.config import ROOT, Settings, SettingsError, load_settings
from app.demarches.service import catalogue
from app.identite.cles import set_franceconnect
from app.portail import demonstration, docteur
from app.socle import embarque
from app.socle.audit import verify_chain
from app.socle.errors import BusinessError
from app.socle.noyau import Noyau

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Kumun : le portail des communes.")
communes = typer.Typer(no_args_is_help=True, help="Prendre en charge des communes.")
collectivite = typer.Typer(no_args_is_help=True, help="Régler une collectivité.")
agents = typer.Typer(no_args_is_help=True, help="Les agents et leurs droits.")
opsn = typer.Typer(no_args_is_help=True, help="L’opérateur de l’installation.")
demo = typer.Typer(no_args_is_help=True, help="La démonstration.")
for name, group in (
    ("communes", communes),
    ("collectivite", collectivite),
    ("agents", agents),
    ("opsn", opsn),
    ("demo", demo),
):
    app.add_typer(group, name=name)

out, err = Console(highlight=False), Console(stderr=True, highlight=False)
T = TypeVar("T")


def settings_or_exit() -> Settings:
    """The settings, or every reason why there are none."""
    try:
        return load_settings()
    except SettingsError as error:
        err.print(f"[red]Réglages incorrects :[/red]\n{error}")
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
    except (BusinessError, SettingsError, FichierIllisibleError) as error:
        err.print(f"[red]{getattr(error, 'message', None) or error}[/red]")
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


@app.command()
def migrer() -> None:
    """Amène la base au dernier schéma ; sans effet si elle y est."""
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = migration_url(settings_or_exit())
    alembic.upgrade(config, "head")


@app.command()
def verifier() -> None:
    """Vérifie la chaîne d’audit ; code 1 et une ligne par anomalie."""

    async def work(noyau: Noyau) -> list[str]:
        async with noyau.db.hors_cloison("verification of the audit chain") as session:
            return await verify_chain(session)

    faults = run(work)
    for fault in faults:
        err.print(f"[red]{fault}[/red]")
    if faults:
        raise typer.Exit(1)
    out.print("Chaîne d’audit : intacte.")


@app.command(name="docteur")
def examine() -> None:
    """Dit ce qui manque ou ne va pas ; code 1 s’il y a un défaut."""
    remarks = run(docteur.examine)
    for remark in remarks:
        out.print(f"{'✔' if remark.sain else '✘'} {remark.sujet} : {remark.phrase}")
    if not all(remark.sain or remark.facultatif for remark in remarks):
        raise typer.Exit(1)


@communes.command("importer")
def import_communes(
    fichier: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV, colonnes de communes-bretagne.csv")
    ],
    epci: Annotated[str | None, typer.Option(help="SIREN de l’EPCI")] = None,
    departement: Annotated[str | None, typer.Option(help="Code du département")] = None,
    a_blanc: Annotated[
        bool, typer.Option("--a-blanc", help="Dit ce qui serait fait, sans rien changer")
    ] = False,
) -> None:
    """Prend en charge les communes d’un fichier : tout ou rien, sans doublon."""

    async def work(noyau: Noyau) -> collectivites.Import:
        async def ouvrir(session: Any, ids: list[Any]) -> None:
            await catalogue.open_everything(session, ids, noyau.clock.now())

        return await collectivites.import_communes(
            noyau, fichier, epci=epci, departement=departement, a_blanc=a_blanc, ouvrir=ouvrir
        )

    result = run(work)
    for refused in result.refusees:
        err.print(f"[red]{refused}[/red]")
    if result.refusees:
        err.print(f"[red]{len(result.refusees)} ligne(s) refusée(s) : rien n’a été importé.[/red]")
        raise typer.Exit(1)
    verb = "serai(en)t prise(s) en charge" if a_blanc else "prise(s) en charge"
    out.print(f"{len(result.prises)} commune(s) {verb}, {len(result.connues)} déjà connue(s).")


@collectivite.command("franceconnect")
def franceconnect(
    code_insee: Annotated[str, typer.Argument(help="Code INSEE, ou nom court d’un EPCI")],
    issuer: Annotated[str, typer.Option()],
    client_id: Annotated[str, typer.Option()],
    client_secret: Annotated[str, typer.Option(prompt=True, hide_input=True)],
) -> None:
    """Donne à une collectivité ses propres clés FranceConnect."""
    run(
        lambda noyau: set_franceconnect(
            noyau, code_insee, issuer=issuer, client_id=client_id, client_secret=client_secret
        )
    )
    out.print("Clés enregistrées.")


@agents.command("inviter")
def invite(
    courriel: str,
    code_insee: str,
    prenom: Annotated[str, typer.Option()],
    nom: Annotated[str, typer.Option()],
    qualite: Annotated[str, typer.Option(help="Figure sur chaque décision")],
    service: Annotated[str, typer.Option(help="Figure sur chaque décision")],
    role: Annotated[str, typer.Option()] = "agent",
) -> None:
    """Donne à une personne un droit dans une commune ; elle se connecte avec ProConnect."""
    run(
        lambda noyau: collectivites.invite_agent(
            noyau,
            courriel,
            prenom=prenom,
            nom=nom,
            code_insee=code_insee,
            qualite=qualite,
            service=service,
            role=role,
        )
    )
    out.print(f"{courriel} peut se connecter au bureau des agents.")


@opsn.command("creer-admin")
def create_admin(
    courriel: str, prenom: Annotated[str, typer.Option()], nom: Annotated[str, typer.Option()]
) -> None:
    """Fait d’une personne un administrateur de l’installation."""
    run(lambda noyau: collectivites.create_opsn_admin(noyau, courriel, prenom, nom))
    out.print(f"{courriel} peut se connecter à la console.")


@demo.command("charger")
def load_demo(
    si_vide: Annotated[bool, typer.Option("--si-vide", help="Ne dit rien si elle est déjà là")] = False,
    simulateurs: Annotated[str, typer.Option(help="Adresse des simulateurs")] = "",
) -> None:
    """Charge cinq collectivités bretonnes, leurs agents et leurs démarches."""
    address = simulateurs or f"http://localhost:{os.environ.get('SIM_PORT', '8100')}"
    loaded = run(lambda noyau: demonstration.load(noyau, address))
    if loaded or not si_vide:
        out.print("Démonstration chargée." if loaded else "La démonstration était déjà là.")


if __name__ == "__main__":
    app()
