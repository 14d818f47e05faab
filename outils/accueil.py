"""The text that `make run` prints when the portal answers: where to click, and as whom."""


def welcome(port: int, sim_port: int) -> str:
    """Addresses and persons of the demonstration, as a table for a terminal."""

    def url(label: str = "", path: str = "/") -> str:
        host = f"{label}.localhost" if label else "localhost"
        return f"http://{host}:{port}{path}"

    rows = [
        ("Guingamp", url("guingamp"), "un usager : FranceConnect simulé, par exemple Rozenn Le Gallou"),
        ("Loc-Envel, 75 habitants", url("loc-envel"), "une autre commune, un autre thème"),
        ("Rennes", url("rennes"), ""),
        ("Ouessant", url("ouessant"), "une commune sans EPCI"),
        ("L’agglomération", url("guingamp-paimpol"), "un EPCI"),
        ("Mon espace", url("mon"), "les dossiers d’une personne, toutes communes réunies"),
        ("Bureau des agents", url("agents"), "yann.riou@guingamp.example (une commune)"),
        ("", "", "soazig.penven@loc-envel.example (trois collectivités)"),
        ("Console de l’OPSN", url("opsn"), "gwenole.kerjean@opsn.example"),
        ("Courriels envoyés", url(path="/dev/courriels"), "codes de connexion, accusés, décisions"),
        ("Simulateurs", f"http://localhost:{sim_port}/", "FranceConnect et ProConnect, identités fictives"),
        ("État", url(path="/sante"), "JSON"),
    ]
    width = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"  {name:<{width[0]}}  {address:<{width[1]}}  {who}".rstrip() for name, address, who in rows]
    return "\n".join(["", "Kumun est prêt.", "", *lines, "", "Ctrl-C arrête tout ; les données restent.", ""])
