"""The forms of the settings: each kind as questions, with what is stored or what was typed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.rendezvous.domain.repetitions import JOURS, RANGS_MOIS, repetition_of
from app.rendezvous.domain.saisie_reglages import NOMBRES, RANGS
from app.rendezvous.service.annonces import MODES
from app.rendezvous.service.reglages import Reglages
from app.socle.calendrier import afficher_date
from app.socle.langues import N_
from app.socle.vacances import calendrier, zone_of
from app.socle.vues import Champ, Option

TITRES = {
    "lieu": (N_("Nouveau lieu"), N_("Lieu")),
    "ressource": (N_("Nouvelle ressource"), N_("Ressource")),
    "motif": (N_("Nouveau motif"), N_("Motif")),
    "plage": (N_("Nouvelle plage d’ouverture"), N_("Plage d’ouverture")),
    "fermeture": (N_("Nouvelle fermeture"), N_("Fermeture")),
    "absence": (N_("Nouvelle absence"), N_("Absence")),
}
GENRES = {
    "agent": N_("Un agent"),
    "guichet": N_("Un guichet"),
    "station": N_("Une station (biométrique, par exemple)"),
    "salle": N_("Une salle"),
    "vehicule": N_("Un véhicule"),
}
LIBELLES_NOMBRES = {
    "duree_premiere": N_("Durée pour la première personne"),
    "duree_suivante": N_("Durée par personne de plus"),
    "personnes_max": N_("Personnes reçues ensemble, au plus"),
    "tampon_avant": N_("Temps gardé avant"),
    "tampon_apres": N_("Temps gardé après"),
    "pas": N_("Écart entre deux débuts proposés"),
    "delai_heures": N_("Au plus tard avant le rendez-vous"),
    "delai_jours_ouvres": N_("et au moins"),
    "horizon_jours": N_("Au plus tôt"),
    "annuler_heures": N_("La personne peut annuler jusqu’à"),
    "deplacer_heures": N_("La personne peut déplacer jusqu’à"),
}
UNITES = {
    "personnes_max": "",
    "delai_heures": N_("heures avant"),
    "delai_jours_ouvres": N_("jours ouvrés avant"),
    "horizon_jours": N_("jours avant"),
    "annuler_heures": N_("heures avant"),
    "deplacer_heures": N_("heures avant"),
}
DEFAUTS: dict[str, Any] = {
    "duree_premiere": 20,
    "duree_suivante": 0,
    "personnes_max": 1,
    "tampon_avant": 0,
    "tampon_apres": 0,
    "pas": 5,
    "delai_heures": 0,
    "delai_jours_ouvres": 0,
    "horizon_jours": 90,
    "annuler_heures": 2,
    "deplacer_heures": 2,
}
FUSEAUX = (
    "Europe/Paris", "America/Guadeloupe", "America/Martinique", "America/Cayenne", "America/Miquelon",
    "America/St_Barthelemy", "America/Marigot", "Indian/Reunion", "Indian/Mayotte", "Pacific/Noumea",
    "Pacific/Tahiti", "Pacific/Wallis",
)  # fmt: skip


class Vue:
    """Builds the questions of one form: values as typed when it was refused, as stored otherwise."""

    def __init__(self, t: Any, row: Any, form: Any, erreurs: Mapping[str, str]) -> None:
        self.t, self.row, self.form, self.erreurs = t, row, form, erreurs

    def valeur(self, name: str, default: Any = "") -> str:
        """What the field holds."""
        if self.form is not None:
            return str(self.form.get(name) or "")
        found = getattr(self.row, name, None) if self.row is not None else default
        return "" if found is None else str(found)

    def coche(self, name: str, default: bool) -> str:
        """« oui » when the box is ticked."""
        if self.form is not None:
            return str(self.form.get(name) or "")
        return "oui" if (getattr(self.row, name) if self.row is not None else default) else ""

    def plusieurs(self, name: str, stored: list[str]) -> list[str]:
        """What is ticked among several."""
        return [str(x) for x in self.form.getlist(name)] if self.form is not None else stored

    def champ(self, name: str, type_: str, libelle: str, valeur: Any = "", **options: Any) -> Champ:
        """One question."""
        options["aide"] = self.t(options["aide"]) if options.get("aide") else ""
        options["unite"] = self.t(options["unite"]) if options.get("unite") else ""
        return Champ(
            id=name,
            type=type_,
            libelle=self.t(libelle),
            valeur=valeur,
            erreur=self.erreurs.get(name, ""),
            **options,
        )

    def texte(self, name: str, libelle: str, default: Any = "", **options: Any) -> Champ:
        """A line of text."""
        return self.champ(name, options.pop("type_", "texte"), libelle, self.valeur(name, default), **options)

    def case(self, name: str, libelle: str, default: bool, **options: Any) -> Champ:
        """A box to tick."""
        return self.champ(name, "case", libelle, self.coche(name, default), **options)

    def options(self, labels: Mapping[str, str]) -> list[Option]:
        """Answers in words."""
        return [Option(code, self.t(label)) for code, label in labels.items()]

    def titre(self, name: str, libelle: str) -> Champ:
        """A title between questions."""
        return Champ(id=f"titre-{name}", type="titre", libelle=self.t(libelle))


def champs_lieu(v: Vue) -> list[Champ]:
    """A place."""
    parts = ("ligne", "complement", "code_postal", "commune")
    stored = v.row.adresse if v.row is not None else {}
    adresse = {
        p: str((v.form.get(f"adresse-{p}") if v.form is not None else stored.get(p)) or "") for p in parts
    }
    return [
        v.texte("nom", N_("Nom du lieu")),
        v.champ("adresse", "adresse", N_("Adresse"), adresse, obligatoire=False),
        v.texte("acces", N_("Comment y entrer"), type_="texte_long", obligatoire=False,
                aide=N_("Plain-pied, boucle magnétique, sonnette, stationnement.")),
        v.texte("latitude", N_("Latitude"), largeur="10", obligatoire=False, aide=N_("Par exemple 48,562")),
        v.texte("longitude", N_("Longitude"), largeur="10", obligatoire=False, aide=N_("Par exemple -3,15")),
        v.champ("fuseau", "liste", N_("Fuseau horaire"), v.valeur("fuseau", "Europe/Paris"),
                options=[Option(f, f) for f in FUSEAUX]),
        v.case("actif", N_("Ce lieu reçoit sur rendez-vous"), True),
    ]  # fmt: skip


def champs_ressource(v: Vue, agents: Mapping[UUID, str]) -> list[Champ]:
    """Who or what receives. Once made, what it is does not change: what is booked hangs on it."""
    fixed = v.row is not None
    chosen = str(v.row.occupant_id) if fixed else ""
    identity = [
        v.champ("genre", "cache" if fixed else "choix", N_("C’est"), v.valeur("genre"), options=v.options(GENRES)),
        v.champ("agent", "cache" if fixed else "liste", N_("Si c’est un agent, lequel"),
                v.form.get("agent") or "" if v.form is not None else chosen, obligatoire=False,
                aide=N_("Qui sert plusieurs communes n’est qu’à un endroit à la fois, pour toutes ensemble."),
                options=[Option(str(i), n) for i, n in agents.items()]),
    ]  # fmt: skip
    return [
        *identity,
        v.texte("nom", N_("Nom affiché"), obligatoire=False),
        v.case("actif", N_("On peut la réserver"), True),
    ]


def champs_motif(v: Vue, reglages: Reglages) -> list[Champ]:
    """Why one comes."""
    own = [b for b in reglages.besoins if v.row is not None and b.motif_id == v.row.id]
    choices = [Option(str(r.id), r.nom) for r in reglages.ressources if r.actif]
    rangs = [
        v.champ(f"besoin{rang}", "cases", titre,
                v.plusieurs(f"besoin{rang}", [str(b.ressource_id) for b in own if b.rang == rang]),
                options=choices, obligatoire=rang == 1, aide=aide)
        for rang, titre, aide in zip(RANGS, (N_("Qui reçoit"), N_("Et en même temps"), N_("Et encore")),
            (N_("Il en faut une parmi celles que vous cochez."),
             N_("Par exemple la station biométrique : il en faut une de chaque liste, ensemble."), ""), strict=True)
    ]  # fmt: skip

    def nombre(name: str) -> Champ:
        unite = UNITES.get(name, N_("minutes"))
        return v.champ(name, "nombre", LIBELLES_NOMBRES[name], v.valeur(name, DEFAUTS[name]), unite=unite)

    numbers = {name: nombre(name) for name, *_ in NOMBRES}
    modes = v.plusieurs("modes", list(v.row.modes) if v.row is not None else ["sur_place"])
    raisons = {
        "": N_("Aucun"), "CNI": N_("Carte d’identité"), "PASSPORT": N_("Passeport"),
        "CNI-PASSPORT": N_("Carte d’identité et passeport"),
    }  # fmt: skip
    return [
        v.texte("nom", N_("Nom du motif"), aide=N_("Tel que les habitants le lisent.")),
        v.texte("consignes", N_("Ce qu’il faut apporter ou savoir"), type_="texte_long", obligatoire=False),
        v.champ("modes", "cases", N_("Comment on reçoit"), modes, options=v.options(MODES)),
        v.titre("duree", N_("Durée")),
        *(numbers[n] for n in ("duree_premiere", "duree_suivante", "personnes_max")),
        *(numbers[n] for n in ("tampon_avant", "tampon_apres", "pas")),
        v.titre("besoins", N_("Ce qu’il faut pour recevoir")),
        *rangs,
        v.titre("delais", N_("Quand on peut le prendre")),
        *(numbers[n] for n in ("delai_heures", "delai_jours_ouvres", "horizon_jours")),
        v.texte("quota_jour", N_("Nombre par jour, au plus"), largeur="5", obligatoire=False,
                aide=N_("Laissez vide pour ne rien limiter. Les agents ne sont pas limités.")),
        *(numbers[n] for n in ("annuler_heures", "deplacer_heures")),
        v.titre("acces", N_("Pour les habitants")),
        v.case("en_ligne", N_("Se prend en ligne"), True),
        v.case("predemande", N_("Demande un numéro de pré-demande par personne"), False),
        v.champ("raison_ants", "liste", N_("Titre, pour la recherche nationale de France Titres"),
                v.valeur("raison_ants"), options=v.options(raisons), obligatoire=False),
        v.case("actif", N_("Ce motif est proposé"), True),
    ]  # fmt: skip


def vacances_note(departement: str, t: Any) -> str:
    """Which calendar of school holidays is read there, and until when it may be trusted."""
    zone = zone_of(departement)
    if zone is None:
        return str(
            t(
                N_(
                    "Aucun calendrier scolaire n’est fourni pour votre territoire : saisissez-les en fermetures."
                )
            )
        )
    phrase = t(N_("Calendrier de la zone {zone}, valable jusqu’au {jour}."))
    return str(phrase.format(zone=zone, jour=afficher_date(calendrier().valable_jusqu_au)))


def champs_plage(v: Vue, reglages: Reglages, departement: str, today: str) -> list[Champ]:
    """A rule of opening, by plain controls."""
    stored = repetition_of(v.row.regle if v.row is not None else "FREQ=WEEKLY;BYDAY=MO")
    motifs = [str(m) for m in (v.row.motifs or ())] if v.row is not None else []
    repetitions = {
        "semaine": N_("Chaque semaine"), "quinzaine": N_("Une semaine sur deux, à partir du premier jour"),
        "mois": N_("Une fois par mois"), "une_fois": N_("Une seule fois, le premier jour"),
    }  # fmt: skip
    vacances = {
        "toujours": N_("Toute l’année"), "hors": N_("Hors vacances scolaires"),
        "pendant": N_("Pendant les vacances scolaires seulement"),
    }  # fmt: skip
    shown = v.valeur("repetition") if v.form is not None else stored.repetition
    rang = v.valeur("rang") if v.form is not None else stored.rang
    return [
        v.champ("ressource_id", "liste", N_("Qui ou ce qui reçoit"), v.valeur("ressource_id"),
                options=[Option(str(r.id), r.nom) for r in reglages.ressources if r.actif]),
        v.champ("lieu_id", "liste", N_("Où"), v.valeur("lieu_id", reglages.lieux[0].id if reglages.lieux else ""),
                options=[Option(str(x.id), x.nom) for x in reglages.lieux if x.actif]),
        v.champ("repetition", "choix", N_("Répétition"), shown, options=v.options(repetitions)),
        v.champ("jours", "cases", N_("Jours"), v.plusieurs("jours", list(stored.jours)), obligatoire=False,
                options=[Option(code, v.t(nom)) for code, nom in JOURS.items()]),
        v.champ("rang", "liste", N_("Pour une fois par mois : laquelle"), rang, obligatoire=False,
                options=[Option(code, v.t(nom)) for code, nom in RANGS_MOIS.items()]),
        v.champ("heure_debut", "heure", N_("De"), _heure(v, "heure_debut"), aide=N_("Par exemple 8 h 30")),
        v.champ("heure_fin", "heure", N_("À"), _heure(v, "heure_fin"), aide=N_("Par exemple 12 h")),
        v.texte("du", N_("Premier jour"), today, aide=N_("AAAA-MM-JJ ou JJ/MM/AAAA"), largeur="10"),
        v.texte("au", N_("Dernier jour"), "", obligatoire=False, largeur="10", aide=N_("Vide : sans fin.")),
        v.champ("vacances", "choix", N_("Vacances scolaires"), v.valeur("vacances", "toujours"),
                options=v.options(vacances), aide=vacances_note(departement, v.t)),
        v.case("feries", N_("Ouvrir aussi les jours fériés"), False),
        v.champ("motifs", "cases", N_("Pour ces motifs seulement"), v.plusieurs("motifs", motifs), obligatoire=False,
                aide=N_("Aucun coché : pour tous."),
                options=[Option(str(m.id), m.nom) for m in reglages.motifs if m.actif]),
    ]  # fmt: skip


def _heure(v: Vue, name: str) -> str:
    if v.form is not None or v.row is None:
        return v.valeur(name)
    found = getattr(v.row, name)
    return f"{found.hour} h {found.minute:02d}"


def champs_fermeture(v: Vue) -> list[Champ]:
    """Days on which nobody receives."""
    return [
        v.texte("libelle", N_("Pourquoi"), obligatoire=False, aide=N_("Un pont, des travaux, un scrutin.")),
        v.texte("du", N_("Premier jour"), largeur="10", aide=N_("AAAA-MM-JJ ou JJ/MM/AAAA")),
        v.texte("au", N_("Dernier jour"), largeur="10", obligatoire=False, aide=N_("Vide : ce seul jour.")),
    ]


def champs_absence(v: Vue, reglages: Reglages, zone: ZoneInfo, soi: UUID) -> list[Champ]:
    """Who is away; whoever asks is the first guess."""
    values = {"occupant_id": str(soi), "du": "", "au": "", "heure_debut": "", "heure_fin": ""}
    if v.row is not None:
        start, end = v.row.debut.astimezone(zone), v.row.fin.astimezone(zone)
        values = {
            "occupant_id": str(v.row.occupant_id),
            "du": start.date().isoformat(),
            "au": end.date().isoformat(),
            "heure_debut": f"{start.hour} h {start.minute:02d}" if start.hour or start.minute else "",
            "heure_fin": f"{end.hour} h {end.minute:02d}" if (end.hour, end.minute) != (23, 59) else "",
        }
    if v.form is not None:
        values = {name: str(v.form.get(name) or "") for name in values}
    return [
        v.champ("occupant_id", "liste", N_("Qui ou ce qui est absent"), values["occupant_id"],
                options=[Option(str(r.occupant_id), r.nom) for r in reglages.ressources]),
        v.champ("du", "texte", N_("Premier jour"), values["du"], largeur="10", aide=N_("AAAA-MM-JJ ou JJ/MM/AAAA")),
        v.champ("heure_debut", "heure", N_("À partir de"), values["heure_debut"], obligatoire=False,
                aide=N_("Vide : toute la journée.")),
        v.champ("au", "texte", N_("Dernier jour"), values["au"], largeur="10", obligatoire=False,
                aide=N_("Vide : ce seul jour.")),
        v.champ("heure_fin", "heure", N_("Jusqu’à"), values["heure_fin"], obligatoire=False,
                aide=N_("Vide : toute la journée.")),
        v.texte("libelle", N_("Pourquoi"), obligatoire=False, aide=N_("Les agents le lisent, pas les habitants.")),
    ]  # fmt: skip
