"""What PayFiP does and refuses, with the evidence for each rule.

The DGFiP's own guide was not read: a rule known only from those who cite it, or inferred, can be suspended.
"""

from simulateurs.socle.rules import Evidence, Rule

SCHEMA = Rule(
    "payfip.schema",
    Evidence.PF_SRC,
    "A request follows the WSDL: its operation, an unqualified arg0, its fields in the order of the sequence; else "
    "TechProtocolaireErreur.",
    switchable=True,
)
NUMCLI = Rule(
    "payfip.numcli",
    Evidence.PF_DOC,
    "numcli has six digits (else T1) and is declared (else T2).",
    switchable=True,
)
REFDET = Rule("payfip.refdet", Evidence.PF_SRC, "refdet has 6 to 30 letters or digits, else R3.")
MONTANT = Rule(
    "payfip.montant",
    Evidence.PF_DOC,
    "montant is whole cents (else M1), 100 at least (else M3), within the limit of the client (else M5).",
    switchable=True,
)
MEL = Rule(
    "payfip.mel", Evidence.PF_SRC, "mel is there (else A1) and an address of 6 to 80 characters (else A2)."
)
SAISIE = Rule(
    "payfip.saisie",
    Evidence.PF_DOC,
    "saisie is T, X or W, and W only for a client in production (else S1).",
    switchable=True,
)
ADRESSES = Rule(
    "payfip.adresses",
    Evidence.PF_DOC,
    "urlnotif (else N1) and urlredirect (else D1) are absolute addresses.",
    switchable=True,
)
SANS_DEDOUBLEMENT = Rule(
    "payfip.sans_dedoublement",
    Evidence.PF_SRC,
    "Two creations with one refdet give two idop: nothing is idempotent.",
)
IDOP_INCONNU = Rule(
    "payfip.idop_inconnu",
    Evidence.PF_SRC,
    "An idop that is unknown, or asked under another name than idOp, gives P1.",
)
SANS_RESULTAT = Rule("payfip.sans_resultat", Evidence.PF_SRC, "An idop without a result yet gives P5.")
PURGE = Rule(
    "payfip.purge", Evidence.PF_DOC, "An idop never used is forgotten the night after: P1.", switchable=True
)
QUINZE_MINUTES = Rule(
    "payfip.quinze_minutes", Evidence.PF_DOC, "The payment page opens for 15 minutes after the creation, then P4.",
    switchable=True,
)  # fmt: skip
UNE_OUVERTURE = Rule(
    "payfip.une_ouverture",
    Evidence.PF_SRC,
    "A second opening of the page with the same idop is refused.",
    switchable=True,
)
DEJA_PAYE = Rule(
    "payfip.deja_paye", Evidence.PF_DOC, "An idop that has paid pays no more: P3.", switchable=True
)
EXERCICE_COURT = Rule(
    "payfip.exercice_court", Evidence.PF_SRC, "In mode T the answer gives exer as its first two digits."
)
NOTIFICATION = Rule(
    "payfip.notification",
    Evidence.PF_SRC,
    "urlnotif receives a POST whose one useful field is the idop, without amount, result or signature, and no retry.",
)
UN_AN = Rule("payfip.un_an", Evidence.PF_DOC, "A result can be asked for one year, then P1.", switchable=True)
RULES = (
    SCHEMA,
    NUMCLI,
    REFDET,
    MONTANT,
    MEL,
    SAISIE,
    ADRESSES,
    SANS_DEDOUBLEMENT,
    IDOP_INCONNU,
    SANS_RESULTAT,
    PURGE,
    QUINZE_MINUTES,
    UNE_OUVERTURE,
    DEJA_PAYE,
    EXERCICE_COURT,
    NOTIFICATION,
    UN_AN,
)
