"""Three ways to say no: on the provider's own page, back to the service, or to the service's server."""

from simulateurs.socle.rules import Rule


class PageRefusal(Exception):
    """Shown on the provider's own page with its `code`, never returned to the service."""

    def __init__(self, rule: Rule, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.rule = rule
        self.code = code
        self.message = message
        self.status = status


class ReturnedRefusal(Exception):
    """Sent back to the service's redirect_uri as `error` and `error_description`."""

    def __init__(self, rule: Rule, error: str, description: str) -> None:
        super().__init__(description)
        self.rule = rule
        self.error = error
        self.description = description


class EndpointRefusal(Exception):
    """Answered as JSON to the service's server, by the token and userinfo endpoints."""

    def __init__(self, rule: Rule, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.rule = rule
        self.error = error
        self.description = description
        self.status = status


class AlreadyDone(Exception):
    """A form of a sign-in that is over, sent a second time; `url` is where the first one led."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url
