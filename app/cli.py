"""The command line: `kumun --help`. Exit codes: 0 done, 1 refused or found wrong, 2 misused."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from alembic import command as alembic
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from app.bootstrap import make_noyau
from app.collectivites import service as collectivites
from app.collectivites.import_csv import FichierIllisibleError
from app.config import ROOT, Settings, SettingsError, load_settings
from app.demarches.service import catalogue
from app.identite.cles import set_franceconnect
from app.portail import cles, demonstration, docteur
from app.socle import embarque
from app.socle.audit import verify_chain
from app.socle.errors import BusinessError
from app.socle.noyau import Noyau
from app.socle.sauvegarde import Options, restaurer, sauvegarder
from app.socle.sauvegarde.base import Base
from app.socle.sauvegarde.manifeste import Avancement

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Kumun : le portail des communes.")
communes = typer.Typer(no_args_is_help=True, help="Prendre en charge des communes.")
collectivite = typer.Typer(no_args_is_help=True, help="Régler une collectivité.")
agents = typer.Typer(no_args_is_help=True, help="Les agents et leurs droits.")
opsn = typer.Typer(no_args_is_help=True, help="L’opérateur de l’installation.")
coffre_cles = typer.Typer(no_args_is_help=True, help="Les clés de chiffrement.")
demo = typer.Typer(no_args_is_help=True, help="La démonstration.")
for name, group in (
    ("communes", communes),
    ("collectivite", collectivite),
    ("agents", agents),
    ("opsn", opsn),
    ("cles", coffre_cles),
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
    except (BusinessError, SettingsError, FichierIllisibleError) as error:
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


@app.command()
def migrer() -> None:
    """Amène la base au dernier schéma ; sans effet si elle y est."""
    alembic.upgrade(alembic_config(settings_or_exit()), "head")


def say_faults(faults: list[str]) -> None:
    """One line per fault and exit code 1, if there is any."""
    for fault in faults:
        err.print(f"[red]{escape(fault)}[/red]")
    if faults:
        raise typer.Exit(1)


async def _verify(noyau: Noyau) -> list[str]:
    async with noyau.db.hors_cloison("verification of the audit chain") as session:
        return await verify_chain(session)


@app.command()
def verifier() -> None:
    """Vérifie la chaîne d’audit ; code 1 et une ligne par anomalie."""
    say_faults(run(_verify))
    out.print("Chaîne d’audit : intacte.")


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


@app.command(name="sauvegarder")
def back_up(
    dossier: Annotated[
        Path, typer.Argument(file_okay=False, help="Où vont les sauvegardes, l’une après l’autre")
    ],
    dossier_cles: Annotated[
        Path | None,
        typer.Option("--cles", file_okay=False, help="Où vont les clés : ailleurs, de préférence"),
    ] = None,
    garder_cles: Annotated[
        int, typer.Option(min=1, help="Jours pendant lesquels une copie des clés est gardée")
    ] = 7,
    garder: Annotated[
        int | None,
        typer.Option(min=1, help="Jours pendant lesquels une sauvegarde est gardée ; sans cela, toujours"),
    ] = None,
    objets: Annotated[
        bool | None,
        typer.Option(
            "--objets/--sans-objets",
            help="Copier les documents ; par défaut, sauf sur S3",
        ),
    ] = None,
) -> None:
    """Sauvegarde la base, les documents et les clés, sans arrêter le portail."""
    options = Options(dossier_cles, garder_cles, garder, objets)

    async def work(noyau: Noyau) -> Path:
        base = Base(migration_url(noyau.settings))
        with progress() as avancement:
            return await sauvegarder(noyau.settings, noyau.clock, base, dossier, options, avancement)

    out.print(f"Sauvegarde faite : {run(work)}", soft_wrap=True)


@app.command(name="restaurer")
def restore(
    dossier: Annotated[
        Path,
        typer.Argument(exists=True, file_okay=False, help="Une sauvegarde, ou leur dossier (la dernière)"),
    ],
    remplacer: Annotated[
        bool, typer.Option("--remplacer", help="Remplace ce que contient cette installation")
    ] = False,
    dossier_cles: Annotated[
        Path | None, typer.Option("--cles", exists=True, file_okay=False, help="Dossier des copies de clés")
    ] = None,
) -> None:
    """Remet une sauvegarde en place, « web » et « worker » arrêtés, puis vérifie ; une clé détruite le reste."""
    config = alembic_config(settings_or_exit())

    def known(revision: str) -> bool:
        try:
            return ScriptDirectory.from_config(config).get_revision(revision) is not None
        except CommandError:
            return False

    async def work(noyau: Noyau) -> Any:
        base = Base(migration_url(noyau.settings))
        with progress() as avancement:
            return await restaurer(
                noyau.settings,
                noyau.clock,
                base,
                dossier,
                avancement,
                remplacer=remplacer,
                dossier_cles=dossier_cles,
                connu=known,
            )

    done = run(work)
    alembic.upgrade(config, "head")
    out.print(
        f"Restauré : {done.dossier.name}, {sum(done.manifeste.lignes.values())} lignes, "
        f"{done.manifeste.nombre_objets} document(s), {done.cles} clé(s)."
    )
    if done.cles_detruites:
        out.print(f"{done.cles_detruites} clé(s) détruite(s) depuis le sont restées.")
    for avis in done.avis:
        err.print(f"[yellow]{avis}[/yellow]")
    say_faults([*done.anomalies, *run(_verify)])
    out.print("Chaîne d’audit : intacte.")


@coffre_cles.command("tourner")
def rotate_keys() -> None:
    """Met les clés sous la nouvelle clé maîtresse ; sans effet sur celles qui y sont."""
    done = run(cles.rotate)
    out.print(
        f"{done} clé(s) mise(s) sous la nouvelle clé maîtresse. Vous pouvez retirer KUMUN_MASTER_KEY_ANCIENNE."
    )


@coffre_cles.command("detruire")
def destroy_key(
    collectivite_: Annotated[
        str, typer.Argument(metavar="COLLECTIVITE", help="Code INSEE, ou nom court d’une collectivité")
    ],
    oui: Annotated[bool, typer.Option("--oui", help="Ne demande pas de confirmation")] = False,
) -> None:
    """Détruit la clé d’une collectivité : plus personne ne pourra lire ses documents, nulle part. Sans retour."""
    owner, nom = run(lambda noyau: cles.find_owner(noyau, collectivite_))
    if not oui and typer.prompt(f"Pour détruire tous les documents de {nom}, tapez son nom") != nom:
        err.print("[red]Ce n’est pas son nom : rien n’a été détruit.[/red]")
        raise typer.Exit(1)
    done = run(lambda noyau: cles.destroy(noyau, owner))
    out.print(f"Clé {done.cle} de {nom} détruite le {done.le:%d/%m/%Y à %H:%M:%S} UTC.")
    out.print(
        "Les copies de clés déjà faites la gardent jusqu’à leur terme ; une restauration ne la rendra pas."
    )


@coffre_cles.command("rejouer")
def replay_destructions(
    liste: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="Une autre copie de la liste des destructions"),
    ] = None,
) -> None:
    """Retire les clés détruites qu’une copie a fait revenir ; `restaurer` le fait de lui-même."""

    async def work(noyau: Noyau) -> int:
        return cles.replay(noyau, liste)

    out.print(f"{run(work)} clé(s) retirée(s).")


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
