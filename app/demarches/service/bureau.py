"""The desk's list: the dossiers of every collectivité an agent serves, filtered, in order, a page at a time.

What the agent wants to see is a `Filtres`, which an address can hold: a saved view is one, and a batch acts on one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from app.demarches.domain import numeros_proches
from app.demarches.domain.etats import ETATS_FINAUX, Etat
from app.demarches.repository import listes
from app.demarches.repository.listes import BEAUCOUP, Criteres, LigneBureau, LigneSaisie
from app.socle.contexte import Contexte

PARIS = ZoneInfo("Europe/Paris")
PAGE = 50
FOUND = 200
SAISIES = 20
SITUATIONS = ("ouverts", "clos", "tous")
# How many days ahead the filter of legal dates looks, from the local day of each collectivité.
ECHEANCES = {"oui": 0, "7": 8, "15": 16}
TRIS = ("urgence", "recents", "anciens")
COLONNES = ("personne", "commune", "delai", "agent", "etat", "groupe", "canal", "recu", "activite")
COLONNES_PAR_DEFAUT = ("personne", "commune", "delai", "agent", "etat")


@dataclass(frozen=True, slots=True)
class Filtres:
    """What the agent wants to see, as an address says it; an empty value does not filter.

    `agent` and `groupe` are an id, or `moi`, `aucun`, `miens`. What is no value of a filter is left out.
    """

    q: str = ""
    commune: str = ""
    demarche: str = ""
    situation: str = ""
    etat: str = ""
    groupe: str = ""
    agent: str = ""
    etiquette: str = ""
    du: str = ""
    au: str = ""
    retard: str = ""
    etape: str = ""
    tri: str = ""
    apres: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """The filters of an address; a value that means nothing is dropped, never an error."""
        found = {name: query.get(name, "").strip()[:200] for name in cls.__dataclass_fields__}
        if query.get("vue") == "miens":
            found["agent"] = "moi"
        for name in ("commune", "etiquette"):
            found[name] = _uuid_text(found[name])
        found["agent"] = found["agent"] if found["agent"] in ("moi", "aucun") else _uuid_text(found["agent"])
        found["groupe"] = found["groupe"] if found["groupe"] == "miens" else _uuid_text(found["groupe"])
        for name, allowed in (
            ("situation", SITUATIONS),
            ("tri", TRIS),
            ("etat", tuple(Etat)),
            ("retard", tuple(ECHEANCES)),
        ):
            if found[name] not in allowed:
                found[name] = ""
        if not (found["demarche"] and found["etape"].isidentifier()):
            found["etape"] = ""
        for name in ("du", "au"):
            found[name] = _day_text(found[name])
        return cls(**found)

    @classmethod
    def parse(cls, query: str) -> Self:
        """The filters of a query string."""
        return cls.read(dict(parse_qsl(query)))

    def query(self, **changes: str) -> str:
        """The query string of these filters, without what does not filter; the page begins anew unless told."""
        asked = replace(self, **{"apres": "", **changes})
        return urlencode(
            {name: value for name in asked.__dataclass_fields__ if (value := getattr(asked, name))}
        )

    @property
    def actifs(self) -> bool:
        """Whether anything but the order is asked."""
        return bool(replace(self, tri="", apres="").query())

    @property
    def ordre(self) -> str:
        """The order of the list: the legal clock first where dossiers are open, the latest first otherwise."""
        if self.q:
            return "recents"
        if self.tri and not (self.tri == "urgence" and self.ouverture != "ouverts"):
            return self.tri
        return "urgence" if self.ouverture == "ouverts" else "recents"

    @property
    def ouverture(self) -> str:
        """Which dossiers: the open ones unless told; a search looks at all; a final state says clos."""
        if self.situation:
            return self.situation
        if self.etat and Etat(self.etat) in ETATS_FINAUX:
            return "clos"
        return "tous" if self.q else "ouverts"


def _uuid_text(value: str) -> str:
    try:
        return str(UUID(value)) if value else ""
    except ValueError:
        return ""


def _day_text(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat() if value else ""
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Cadre:
    """What frames the list: names by id, and what the agent chose."""

    communes: dict[UUID, str] = field(default_factory=dict)
    demarches: dict[str, str] = field(default_factory=dict)
    etiquettes: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    groupes: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    collegues: dict[UUID, str] = field(default_factory=dict)
    vues: Sequence[tuple[str, str, str]] = ()
    colonnes: tuple[str, ...] = COLONNES_PAR_DEFAUT
    remplaces: tuple[UUID, ...] = ()
    fuseaux: dict[UUID, ZoneInfo] = field(default_factory=dict)
    etapes: dict[str, str] = field(default_factory=dict)

    def jour(self, collectivite_id: UUID, now: datetime) -> date:
        """The local day of a collectivité."""
        return now.astimezone(self.fuseaux.get(collectivite_id, PARIS)).date()


@dataclass(frozen=True, slots=True)
class Bureau:
    """One page of the desk; `total` counts no further than BEAUCOUP + 1, `suite` is the cursor of the next page."""

    lignes: Sequence[LigneBureau] = ()
    compteurs: Mapping[str, int] = field(default_factory=dict)
    cadre: Cadre = field(default_factory=Cadre)
    total: int = 0
    suite: str = ""
    saisies: Sequence[LigneSaisie] = ()
    approche: bool = False


async def load(ctx: Contexte, filtres: Filtres) -> Bureau:
    """The desk, in five or six statements whatever the number of dossiers, collectivités and agents."""
    if ctx.personne is None or ctx.personne.agent_id is None:
        return Bureau()
    cadre = await load_cadre(ctx, ctx.today(), filtres.demarche)
    criteres = await criteres_of(ctx, filtres, cadre)
    rows = await listes.list_desk(ctx.db, criteres, tri=filtres.ordre, apres=filtres.apres, limit=PAGE + 1)
    jours = {id_: cadre.jour(id_, ctx.now) for id_ in ctx.personne.collectivites}
    counters = await listes.count_views(
        ctx.db, jours, _me(ctx, cadre), Etat.DEPOSE.value, Etat.EN_ATTENTE.value
    )
    if not filtres.actifs:
        total = counters.get("ouverts", 0)
    elif len(rows) <= PAGE and not filtres.apres:
        total = len(rows)
    else:
        (total,) = await listes.count_desk(ctx.db, [criteres])
    saisies = [] if filtres.q else await listes.list_saisies(ctx.db, criteres.collectivites, SAISIES)
    exact = {row.numero for row in rows} if filtres.q else set()
    return Bureau(
        lignes=rows[:PAGE],
        compteurs=counters,
        cadre=cadre,
        total=total,
        suite=listes.curseur_of(filtres.ordre, rows[PAGE - 1]) if len(rows) > PAGE else "",
        saisies=saisies,
        approche=bool(exact) and _looks_like_another_number(filtres.q, exact),
    )


def _looks_like_another_number(typed: str, found: set[str]) -> bool:
    """Whether the dossier shown bears not the number typed, but one a slip away: the agent must be told."""
    near = numeros_proches(typed)
    digits = "".join(c for c in typed if c.isdigit())
    return bool(near) and digits not in found and not found.isdisjoint(near)


async def load_cadre(ctx: Contexte, today: date, slug: str = "") -> Cadre:
    """The frame of the list, in one statement; with a démarche, the steps of its parcours."""
    if ctx.personne is None or ctx.personne.agent_id is None:
        return Cadre()
    found = await listes.read_cadre(ctx.db, ctx.personne.collectivites, ctx.personne.agent_id, today, slug)
    return Cadre(
        communes={UUID(id_): nom for id_, nom, _ in found["communes"] or ()},
        fuseaux={UUID(id_): ZoneInfo(fuseau) for id_, _, fuseau in found["communes"] or ()},
        etapes={str(etape["id"]): str(etape["titre"]) for etape in found["etapes"] or ()},
        demarches={slug: titre or slug for slug, titre in found["demarches"] or ()},
        etiquettes={
            UUID(id_): {"commune": UUID(place), "nom": nom, "ton": ton, "active": active}
            for id_, place, nom, ton, active in found["etiquettes"] or ()
        },
        groupes={
            UUID(id_): {"commune": UUID(place), "nom": nom, "mien": mine}
            for id_, place, nom, mine in found["groupes"] or ()
        },
        collegues={UUID(id_): nom for id_, nom in found["collegues"] or ()},
        vues=[(id_, nom, query) for id_, nom, query in found["vues"] or ()],
        colonnes=tuple(c for c in found["colonnes"] or () if c in COLONNES) or COLONNES_PAR_DEFAUT,
        remplaces=tuple(UUID(id_) for id_ in found["remplaces"] or ()),
    )


def _me(ctx: Contexte, cadre: Cadre) -> list[UUID]:
    """The agent, and the colleagues whom the agent replaces today."""
    assert ctx.personne is not None  # noqa: S101 - as above
    assert ctx.personne.agent_id is not None  # noqa: S101 - as above
    return [ctx.personne.agent_id, *cadre.remplaces]


async def criteres_of(ctx: Contexte, filtres: Filtres, cadre: Cadre) -> Criteres:
    """What the filters ask, within the collectivités of the agent; a search is made here (one statement more)."""
    if ctx.personne is None:
        return Criteres(())
    places = [id_ for id_ in ctx.personne.collectivites if filtres.commune in ("", str(id_))]
    return Criteres(
        collectivites=places,
        situation=filtres.ouverture,
        etat=filtres.etat or None,
        slug=filtres.demarche or None,
        agents=_agents(ctx, filtres, cadre),
        sans_agent=filtres.agent == "aucun",
        groupes=_groupes(filtres, cadre),
        etiquette=UUID(filtres.etiquette) if filtres.etiquette else None,
        depose_depuis=_midnight(filtres.du, _zone(cadre, places)),
        depose_avant=_midnight(filtres.au, _zone(cadre, places), days=1),
        silence_avant=silence_avant(cadre, places, ctx.now, ECHEANCES[filtres.retard])
        if filtres.retard
        else None,
        etape=filtres.etape or None,
        ids=await _search(ctx, filtres.q, places) if filtres.q else None,
    )


def _agents(ctx: Contexte, filtres: Filtres, cadre: Cadre) -> Sequence[UUID] | None:
    if filtres.agent in ("", "aucun"):
        return None
    return _me(ctx, cadre) if filtres.agent == "moi" else [UUID(filtres.agent)]


def _groupes(filtres: Filtres, cadre: Cadre) -> Sequence[UUID] | None:
    if not filtres.groupe:
        return None
    if filtres.groupe == "miens":
        return [id_ for id_, groupe in cadre.groupes.items() if groupe["mien"]]
    return [UUID(filtres.groupe)]


def silence_avant(
    cadre: Cadre, places: Sequence[UUID], now: datetime, days: int
) -> list[tuple[date, list[UUID]]]:
    """The day before which silence decides, so many days from the local day of each collectivité."""
    found: dict[date, list[UUID]] = {}
    for id_ in places:
        found.setdefault(cadre.jour(id_, now) + timedelta(days=days), []).append(id_)
    return list(found.items())


def _zone(cadre: Cadre, places: Sequence[UUID]) -> ZoneInfo:
    """Where the days typed in a filter are: the zone of the collectivités shown, Paris when they have several."""
    zones = {cadre.fuseaux.get(id_, PARIS) for id_ in places}
    return zones.pop() if len(zones) == 1 else PARIS


def _midnight(day: str, zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    if not day:
        return None
    return datetime.combine(date.fromisoformat(day) + timedelta(days=days), time(), zone)


async def _search(ctx: Contexte, typed: str, places: Sequence[UUID]) -> list[UUID]:
    """The dossiers found: by number, one slip forgiven, else by words."""
    near = numeros_proches(typed)
    if near and (found := await listes.list_by_numero(ctx.db, near)):
        return found
    return await listes.search_dossiers(ctx.db, typed, places, ctx.today(), FOUND)


def days_left(silence_le: date | None, today: date) -> int | None:
    """Days before silence decides; negative once it has."""
    return None if silence_le is None else (silence_le - today).days


__all__ = ["BEAUCOUP", "COLONNES", "PAGE", "Bureau", "Cadre", "Criteres", "Filtres", "days_left", "load"]
