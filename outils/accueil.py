"""The text that `make run` prints when the portal answers: where to click, and as whom."""


def welcome(port: int, sim_port: int) -> str:
    """Addresses and persons of the demonstration, as a table for a terminal."""

    def url(label: str = "", path: str = "/") -> str:
        host = f"{label}.localhost" if label else "localhost"
        return f"http://{host}:{port}{path}"

    rows = [
        ("Une commune", url("guingamp"), "usager : « Se connecter », puis FranceConnect simulé"),
        ("Mon espace", url("mon"), "la même personne : ses dossiers de toutes les communes"),
        ("Bureau des agents", url("agents"), "agent : ProConnect simulé"),
        ("Console de l’OPSN", url("opsn"), "administrateur : ProConnect simulé"),
        ("Courriels envoyés", url(path="/dev/courriels"), "ce que le portail a écrit, accusés joints"),
        ("Simulateurs", f"http://localhost:{sim_port}/", "FranceConnect, ProConnect"),
        ("État", url(path="/sante"), "JSON"),
    ]
    width = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"  {name:<{width[0]}}  {address:<{width[1]}}  {who}" for name, address, who in rows]
    return "\n".join(["", "Kumun est prêt.", "", *lines, "", "Ctrl-C arrête tout ; les données restent.", ""])
