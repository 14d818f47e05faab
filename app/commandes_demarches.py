"""`kumun demarches`: a démarche out as a file, in as a file, published to all who offer it."""

from pathlib import Path
from typing import Annotated

import typer

from app.commandes import err, out, run
from app.demarches.service import publication_fichier
from app.socle.noyau import Noyau

app = typer.Typer(no_args_is_help=True, help="Les démarches partagées, en fichiers YAML.")
Fichier = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Fichier YAML d’une démarche")]


@app.command("exporter")
def export(
    nom: Annotated[str, typer.Argument(help="Nom dans l’adresse, par exemple acte-naissance")],
    vers: Annotated[Path | None, typer.Option(help="Fichier à écrire ; sinon, la sortie")] = None,
) -> None:
    """Écrit la version publiée d’une démarche partagée."""

    async def work(noyau: Noyau) -> str:
        return await publication_fichier.read_published(noyau, nom)

    text = run(work)
    if vers is None:
        typer.echo(text, nl=False)
    else:
        vers.write_text(text, encoding="utf-8")
        out.print(f"{nom} : écrite dans {vers.name}.")


@app.command("importer")
def bring(fichier: Fichier) -> None:
    """Vérifie un fichier et ouvre un chantier sur la console ; rien n’est publié."""

    async def work(noyau: Noyau) -> str:
        return await publication_fichier.begin_work(noyau, fichier.read_bytes())

    out.print(f"{run(work)} : chantier ouvert sur la console.")


@app.command("publier")
def publish(
    fichier: Fichier,
    a_blanc: Annotated[
        bool, typer.Option("--a-blanc", help="Dit ce qui serait fait, sans rien changer")
    ] = False,
) -> None:
    """Publie un fichier et le donne à toutes les collectivités qui proposent la démarche."""

    async def work(noyau: Noyau) -> publication_fichier.Compte:
        return await publication_fichier.publish_file(noyau, fichier.read_bytes(), a_blanc=a_blanc)

    told = run(work)
    for line in told.changements:
        out.print(f"  {line}")
    for line in told.rates:
        err.print(f"[red]{line}[/red]")
    if told.rates:
        raise typer.Exit(1)
    verb = "seraient" if a_blanc else "sont"
    out.print(
        f"{told.slug} : version {told.numero}, {told.deplacees} collectivité(s) {verb} à jour, "
        f"{told.interrogees} {'auraient' if a_blanc else 'ont'} à choisir."
    )
