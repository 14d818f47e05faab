"""How the service misbehaves towards one régie, or towards all: what the tests of an editor must survive."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Scenario(BaseModel):
    """Odd behaviour, none by default; `mensonges` replaces fields of a result, unknown codes included.

    `notifications` is how many are sent; `retard` their delay in seconds; `avant` sends them before the person's page
    is answered; `casse` is how the field is spelled; `par` is where it travels. `soap` answers every call with HTML,
    a bad gateway, or a technical fault; `attente` makes each call wait that many seconds. `p1_premieres` is how many
    look-ups of an operation answer P1 before the truth. `creation_perdue` creates the operation, then hangs up.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    notifications: int = Field(1, ge=0, le=5)
    retard: float = Field(0, ge=0, le=600)
    avant: bool = True
    casse: Literal["idop", "idOp"] = "idop"
    par: Literal["corps", "adresse"] = "corps"
    methode: Literal["POST", "GET"] = "POST"
    soap: Literal["", "html", "502", "TechDysfonctionnementErreur", "TechIndisponibiliteErreur"] = ""
    attente: float = Field(0, ge=0, le=120)
    p1_premieres: int = Field(0, ge=0, le=100)
    creation_perdue: bool = False
    mensonges: dict[str, str | None] = Field(default_factory=dict)
