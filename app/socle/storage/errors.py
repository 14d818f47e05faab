"""Refusals of the object store, each with the sentence that a person reads when it reaches a page."""

from app.socle.errors import BusinessError, ConflictError, NotFoundError, UnavailableError
from app.socle.langues import N_


class ObjectMissingError(NotFoundError):
    """No object has this id."""

    code = "document_introuvable"

    def __init__(self, detail: str = "") -> None:
        super().__init__(N_("Ce document n’existe pas ou n’existe plus."))
        self.detail = detail


class ObjectDestroyedError(NotFoundError):
    """The key that opened the object was destroyed: nobody can read it any more."""

    code = "document_detruit"

    def __init__(self, detail: str = "") -> None:
        super().__init__(N_("Ce document a été détruit définitivement : plus personne ne peut le lire."))
        self.detail = detail


class ObjectAlteredError(BusinessError):
    """The stored bytes are not those that were deposited; `detail` says how, for the log."""

    code = "document_altere"

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            N_(
                "Ce document a été abîmé dans notre stockage et nous refusons de l’ouvrir. "
                "L’équipe technique est prévenue ; si vous avez l’original, vous pouvez le redéposer."
            )
        )
        self.detail = detail


class ObjectExistsError(ConflictError):
    """An object has this id already; objects are written once."""

    code = "document_existant"

    def __init__(self, detail: str = "") -> None:
        super().__init__(N_("Ce document est déjà enregistré."))
        self.detail = detail


class StoreUnavailableError(UnavailableError):
    """The store or the key service does not answer, or refuses our credentials; `detail` is for the log."""

    code = "stockage_indisponible"

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            N_(
                "Les documents ne sont pas accessibles pour le moment. Rien n’est perdu : "
                "réessayez dans quelques minutes."
            )
        )
        self.detail = detail


class BucketMissingError(StoreUnavailableError):
    """The S3 bucket of the settings does not exist: whoever runs the installation makes it."""

    code = "seau_absent"
