"""Refusals that a person reads: each has a status, a stable code and a French sentence that says what to do."""


class BusinessError(Exception):
    """A refusal of the application, rendered as a page (or the fragment) by one handler.

    `message` is a plain French sentence for the person at the screen; `code` is stable, for logs and tests.
    A subclass without its own status is a fault of ours: 500.
    """

    status: int = 500
    code: str = "erreur"

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class NotFoundError(BusinessError):
    """Absent, or not this person's to see: the two look the same."""

    status = 404
    code = "introuvable"


class ForbiddenError(BusinessError):
    """Known person, known object, right missing."""

    status = 403
    code = "interdit"


class SignInRequiredError(BusinessError):
    """The page needs somebody signed in; the handler leads to the sign-in page and back."""

    status = 401
    code = "connexion_requise"


class ConflictError(BusinessError):
    """Somebody or something else came first; the page says what it is now."""

    status = 409
    code = "conflit"


class InvalidInputError(BusinessError):
    """Input refused as a whole; field errors are returned by forms, not raised."""

    status = 422
    code = "saisie_refusee"


class TooManyRequestsError(BusinessError):
    """Rate limit reached; `retry_after` is in seconds."""

    status = 429
    code = "trop_de_demandes"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnavailableError(BusinessError):
    """An outside service does not answer; the sentence says what still works."""

    status = 503
    code = "indisponible"
