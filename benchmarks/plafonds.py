"""What the lists would cost without the portal: the same rows, drawn by a plain Jinja template into the same markup.

The template of a ceiling is the portal's own page as text, whose rows are replaced by a plain loop: no macro, no
layout, no filter; what a row shows is put together in Python, as somebody who wanted that page alone would do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment, Template

PARIS = ZoneInfo("Europe/Paris")
NBSP = "\u00a0"
MOIS = ["", "janvier", "février", "mars", "avril", "mai", "juin"]
MOIS += ["juillet", "août", "septembre", "octobre", "novembre", "décembre"]
# A state: its words and its tone for the person, then for the agent.
ETATS = {
    "depose": ("Déposé", "attente", "Déposé", "action"),
    "en_instruction": ("En cours d’instruction", "attente", "En cours d’instruction", "info"),
    "en_attente": ("En attente de votre réponse", "action", "En attente du demandeur", "attente"),
    "accepte": ("Accepté", "succes", "Accepté", "succes"),
    "refuse": ("Refusé", "refus", "Refusé", "refus"),
    "sans_suite": ("Classé sans suite", "neutre", "Classé sans suite", "neutre"),
    "retire": ("Retiré", "neutre", "Retiré", "neutre"),
}
CANAUX = {
    "web": "en ligne",
    "guichet": "au guichet",
    "telephone": "par téléphone",
    "courrier": "par courrier",
}
_ENVIRONMENT = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)

_ESPACE = """
        {% for d in lignes %}
          <li class="k-dossier{% if d.action %} k-dossier--action{% endif %}">
            <div class="k-dossier__quoi">
              <h3 class="k-dossier__titre"><a href="{{ d.url }}">{{ d.demarche }}</a></h3>
              <p class="k-dossier__ou">{{ d.commune }} · n° {{ d.numero }}</p>
            </div>
            <div class="k-dossier__etat">
              <strong class="govuk-tag k-etiquette k-etiquette--{{ d.ton }}">{{ d.etat }}</strong>
              <p>Déposé le {{ d.depose_le }}</p>
            </div>
            {% if d.action %}
<p class="k-dossier__action"><a class="govuk-link" href="{{ d.url }}">{{ d.action }}</a></p>
            {% endif %}
          </li>
        {% endfor %}
"""
_BUREAU = """
                {% for l in lignes %}
<tr class="govuk-table__row{% if l.moi %} k-tableau__moi{% endif %}">
                    <td class="govuk-table__cell k-tableau__coche"><input class="k-coche" type="checkbox" name="d" value="{{ l.id }}" aria-label="{{ l.numero }}, {{ l.personne }}"></td>
                    <th class="govuk-table__header" scope="row"><a class="govuk-link" href="{{ l.url }}">{{ l.demarche }}</a><span class="k-tableau__sous"><span class="k-numero">{{ l.numero }}</span> · {{ l.recu_le }}</span></th>
                      <td class="govuk-table__cell" data-l="Personne">{{ l.personne }}<span class="k-tableau__sous">{{ l.canal }}</span></td>
                      <td class="govuk-table__cell" data-l="Délai">{% if l.urgence %}<span class="k-urgence k-urgence--{{ l.urgence }}">{{ l.delai }}</span><span class="k-tableau__sous">{{ l.echeance }}</span>{% else %}<span class="k-discret">Sans délai</span>{% endif %}</td>
                      <td class="govuk-table__cell" data-l="Suivi par">{% if l.moi %}<strong>Vous</strong>{% elif l.pris_par %}{{ l.pris_par }}{% else %}<span class="k-discret">Aucun agent</span>{% endif %}</td>
                      <td class="govuk-table__cell" data-l="État"><strong class="govuk-tag k-etiquette k-etiquette--{{ l.ton }}">{{ l.etat }}</strong></td>
                  </tr>
                {% endfor %}
"""  # noqa: E501 - as the page has it
# The desk reads one row more than it shows, to know whether there is a next page.
_SHOWN = 50


class _Propre(NamedTuple):
    url: str
    demarche: str
    commune: str
    numero: str
    etat: str
    ton: str
    depose_le: str
    action: str


class _Suivi(NamedTuple):
    id: str
    url: str
    demarche: str
    numero: str
    recu_le: str
    personne: str
    canal: str
    urgence: str
    delai: str
    echeance: str
    moi: bool
    pris_par: str
    etat: str
    ton: str


def _date(day: date) -> str:
    return f"{'1er' if day.day == 1 else day.day}{NBSP}{MOIS[day.month]}{NBSP}{day.year}"


def _local(instant: datetime) -> str:
    return _date(instant.astimezone(PARIS))


def _number(numero: str) -> str:
    return f"{numero[:4]}-{numero[4:8]}-{numero[8:]}"


def _result(results: Sequence[Any], *names: str) -> Any:
    """The first result that has these columns; empty when none has."""
    return next((rows for rows in results if rows and all(name in rows[0] for name in names)), [])


def _own(results: Sequence[Any]) -> list[_Propre]:
    communes = {row["id"]: row["nom"] for row in _result(results, "nom", "hote")}
    rows = []
    for row in _result(results, "numero"):
        etat, ton, _, _ = ETATS[row["etat"]]
        action = "Envoyer ce qui est demandé" if row["etat"] == "en_attente" else ""
        rows.append(
            _Propre(
                f"/dossiers/{row['id']}",
                row["titre"],
                communes[row["collectivite_id"]],
                _number(row["numero"]),
                etat,
                ton,
                _local(row["depose_le"]),
                action,
            )
        )
    return rows


def _desk(results: Sequence[Any]) -> list[_Suivi]:
    session = _result(results, "session_id")[0]
    today = datetime.now(PARIS).date()  # noqa: TID251 - what a plain page would do
    rows = []
    for row in _result(results, "numero")[:_SHOWN]:
        _, _, etat, ton = ETATS[row["etat"]]
        person, due = row["demandeur"], row["silence_le"]
        left = (due - today).days if due else 0
        delai = (
            "Dépassé" if left < 0 else "Aujourd’hui" if left == 0 else f"{left} jour{'s' if left > 1 else ''}"
        )
        rows.append(
            _Suivi(
                str(row["id"]),
                f"/dossiers/{row['id']}",
                row["titre"],
                _number(row["numero"]),
                _local(row["depose_le"]),
                f"{' '.join(person['prenoms'])} {person['nom_naissance']}",
                CANAUX[row["canal"]],
                ("depasse" if left < 0 else "proche" if left <= 7 else "loin") if due else "",
                delai,
                _date(due) if due else "",
                row["agent_id"] == session["agent_id"],
                row["agent_nom"],
                etat,
                ton,
            )
        )
    return rows


@dataclass(frozen=True)
class Liste:
    """A list of the portal: between which marks its rows stand, how they are drawn, what they show."""

    debut: str
    fin: str
    source: str
    rows: Callable[[Sequence[Any]], Sequence[Any]]


LISTES = {
    "espace": Liste('<ul class="k-dossiers">', "</ul>", _ESPACE, _own),
    "bureau": Liste('<tbody class="govuk-table__body">', "</tbody>", _BUREAU, _desk),
}


def template_of(nom: str, page: str) -> Template:
    """The portal's page as a template of one loop; RuntimeError when it no longer has those marks."""
    liste = LISTES[nom]
    before, found, rest = page.rpartition(liste.debut)
    _, end, after = rest.partition(liste.fin)
    if not found or not end:
        raise RuntimeError(
            f"the page « {nom} » has no {liste.debut}: bring benchmarks/plafonds.py up to date"
        )
    around = [f"{{% raw %}}{text}{{% endraw %}}" for text in (before + found, end + after)]
    return _ENVIRONMENT.from_string(f"{around[0]}{liste.source}{around[1]}")
