"""E-mail addresses: one rule for what is typed, what identifies an account and what a message is sent to.

Nothing is looked up. Names reserved for trials (`.example`, `.test`: RFC 2606) pass, as any other domain that no
server answers for: the sending will say so.
"""

from email_validator import EmailNotValidError, ValidatedEmail, validate_email


def parse_email(address: str) -> ValidatedEmail:
    """The address, checked; ValueError for one that no mail could reach.

    Refused: malformed, quoted or accented before the @ (many servers refuse SMTPUTF8), a literal, a domain without
    a dot.
    """
    checked = validate_email(
        address, check_deliverability=False, allow_smtputf8=False, strict=True, test_environment=True
    )
    if checked.ascii_email is None or "." not in checked.ascii_domain:
        raise EmailNotValidError("not a domain that receives mail")
    return checked
