"""Rules of the real services, each with the evidence that it exists, and which of them are applied.

A rule read in the service's source, or demanded by OpenID Connect and OAuth, is always applied.
An inferred one may be wrong, and a documented one may differ from what runs: those can be suspended.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Evidence(StrEnum):
    """Where a rule was read; the tags are those of the rules table in README.md."""

    FC_SRC = "FC-src"
    FC_DOC = "FC-doc"
    PC_SRC = "PC-src"
    PC_DOC = "PC-doc"
    SPECIFICATION = "OIDC"
    BAN_DOC = "BAN-doc"
    BAN_OBS = "BAN-obs"
    PF_SRC = "PF-src"
    PF_DOC = "PF-doc"
    STANDARD = "WEBHOOKS"
    GSM = "GSM"
    CONTRACT = "contrat"
    INFERRED = "I"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that the real service does or refuses; `name` is stable, `text` is one English sentence."""

    name: str
    evidence: Evidence
    text: str
    # Whether it may be suspended, because it might not be what the real service does.
    switchable: bool = False


class UnknownRuleError(LookupError):
    """No rule has this name."""


class VerifiedRuleError(ValueError):
    """The rule is known for sure: suspending it would simulate something else."""


class RuleBook:
    """Every rule of the simulated services and which of the switchable ones are off."""

    def __init__(self, rules: Iterable[Rule], *, off: Iterable[str] = ()) -> None:
        self._rules = {rule.name: rule for rule in rules}
        self._off: set[str] = set()
        for name in off:
            self.switch(name, active=False)

    def applies(self, rule: Rule) -> bool:
        """Whether `rule` is to be applied now."""
        return rule.name not in self._off

    def switch(self, name: str, *, active: bool) -> None:
        """Apply or suspend a rule. Raises UnknownRuleError, or VerifiedRuleError if it is not switchable."""
        rule = self._rules.get(name)
        if rule is None:
            raise UnknownRuleError(name)
        if not rule.switchable:
            raise VerifiedRuleError(name)
        if active:
            self._off.discard(name)
        else:
            self._off.add(name)

    def describe(self) -> list[dict[str, str | bool]]:
        """Every rule with its evidence and state, in the order of declaration."""
        return [
            {
                "nom": rule.name,
                "preuve": rule.evidence.value,
                "texte": rule.text,
                "commutable": rule.switchable,
                "active": self.applies(rule),
            }
            for rule in self._rules.values()
        ]
