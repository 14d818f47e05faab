"""The command line: `kumun --help`. Exit codes: 0 done, 1 refused or found wrong, 2 misused."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from alembic import command as alembic

from app import commandes_demarches, exploitation
from app.collectivites import service as collectivites
from app.commandes import alembic_config, err, out, run, say_faults, settings_or_exit
from app.demarches.service import catalogue
from app.identite.cles import set_franceconnect
from app.portail import demonstration, docteur, verification
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
    ("demarches", commandes_demarches.app),
):
    app.add_typer(group, name=name)
app.add_typer(exploitation.app)


@app.command()
def migrer(
    seau: Annotated[bool, typer.Option("--seau", help="Crée aussi le seau S3 s’il manque")] = False,
) -> None:
    """Amène la base au dernier schéma ; sans effet si elle y est. Sur localhost, crée aussi le seau S3."""
    settings = settings_or_exit()
    alembic.upgrade(alembic_config(settings), "head")
    if settings.s3_endpoint_url and (seau or settings.local):
        for done in run(docteur.repair):
            out.print(done)


@app.command()
def verifier(
    echantillon: Annotated[
        int, typer.Option(min=0, help="Nombre de documents tirés au hasard, déchiffrés et relus en entier")
    ] = 200,
) -> None:
    """Vérifie ce que l’installation peut prouver d’elle-même ; code 1 et une ligne par anomalie."""
    done = run(lambda noyau: verification.verify(noyau, echantillon=echantillon))
    for constat in done.constats:
        out.print(constat)
    say_faults(done.anomalies)


@app.command(name="docteur")
def examine(
    reparer: Annotated[bool, typer.Option("--reparer", help="Crée ce qui manque et peut l’être")] = False,
) -> None:
    """Dit ce qui manque ou ne va pas ; code 1 s’il y a un défaut."""
    if reparer:
        for done in run(docteur.repair):
            out.print(done)
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


@collectivite.command("sms")
def sms(
    code_insee: Annotated[str, typer.Argument(help="Code INSEE, ou nom court d’un EPCI")],
    par_mois: Annotated[
        int, typer.Option(min=0, help="Nombre de SMS par mois ; un texte long en compte plusieurs")
    ],
) -> None:
    """Dit combien de SMS une collectivité peut envoyer par mois."""
    run(lambda noyau: collectivites.set_sms_quota(noyau, code_insee, par_mois))
    out.print(f"{par_mois} SMS par mois.")


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
    """Charge cinq collectivités bretonnes, leurs agents, leurs démarches et leurs rendez-vous."""
    address = simulateurs or f"http://localhost:{os.environ.get('SIM_PORT', '8100')}"

    async def everything(noyau: Noyau) -> bool:
        fresh = await demonstration.load(noyau, address)
        return await demonstration.load_rendezvous(noyau) or fresh

    loaded = run(everything)
    if loaded or not si_vide:
        out.print("Démonstration chargée." if loaded else "La démonstration était déjà là.")


if __name__ == "__main__":
    app()
