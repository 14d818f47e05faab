"""What ProConnect accepts and refuses, with the evidence of each rule; README.md shows the same table."""

from datetime import timedelta

from simulateurs.socle.rules import Evidence, Rule

CODE_LIFETIME = timedelta(seconds=60)
ACCESS_TOKEN_LIFETIME = timedelta(hours=1)
# Not documented; short, so that a client that keeps an id_token as proof of anything notices.
ID_TOKEN_LIFETIME = timedelta(seconds=60)
SESSION_LIFETIME = timedelta(hours=12)

SRC, DOC, INFERRED, SPEC = Evidence.PC_SRC, Evidence.PC_DOC, Evidence.INFERRED, Evidence.SPECIFICATION

PARAMETERS = Rule(
    "pc.parametres",
    DOC,
    "authorize takes a closed list of parameters (PKCE is in it); any other gives page Y000400.",
    switchable=True,
)
REQUIRED = Rule(
    "pc.obligatoires",
    SRC,
    "client_id, redirect_uri, response_type, scope and state are required, else page Y000400.",
)
STATE_NONCE = Rule(
    "pc.state_nonce",
    DOC,
    "state and nonce have at least 32 characters, else page Y000400 (the code asks for less).",
    switchable=True,
)
SIRET_HINT = Rule("pc.siret_hint", SRC, "siret_hint has 14 characters, else page Y000400.")
LOGIN_HINT = Rule("pc.login_hint", SRC, "login_hint is an e-mail address, else page Y000400.")
CLIENT = Rule("pc.client", SPEC, "An unknown or disabled client gives a page, never a return.")
REDIRECT = Rule(
    "pc.redirect_uri",
    SPEC,
    "redirect_uri is one of the declared ones, exactly (trailing slash too): page Y030031.",
)
RESPONSE_TYPE = Rule(
    "pc.response_type", SPEC, "Only response_type=code; others return unsupported_response_type."
)
OPENID = Rule("pc.openid", SPEC, "scope holds openid, else invalid_request is returned.")
SCOPE = Rule(
    "pc.scope", DOC, "A scope that the client has not been granted returns invalid_scope.", switchable=True
)
CLAIMS = Rule("pc.claims", SPEC, "claims is JSON, else invalid_request is returned.")
PKCE = Rule(
    "pc.pkce",
    INFERRED,
    "A code_challenge uses S256, and the token request must then prove it.",
    switchable=True,
)
PROMPT_NONE = Rule(
    "pc.prompt_none", DOC, "prompt=none without a live session returns login_required.", switchable=True
)
SSO = Rule("pc.sso", DOC, "A session lives 12 hours; while it does, sign-in asks nothing.", switchable=True)
ACR = Rule(
    "pc.acr", DOC, "Essential id_token.acr values that cannot be met return access_denied.", switchable=True
)
OTP = Rule(
    "pc.code_courriel",
    DOC,
    "An identity provider without second factor: a code by e-mail gives eidas1-mfa (since July 2026).",
    switchable=True,
)
AMR = Rule("pc.amr", DOC, "amr is in the id_token only if asked by claims.id_token.amr.", switchable=True)
PUBLIC_ONLY = Rule(
    "pc.agents_publics",
    DOC,
    "A client reserved to public agents shows Y500015 to the others.",
    switchable=True,
)
SUB = Rule("pc.sub", SRC, "sub depends on the identity provider, the person's uid there, and the service.")
CANCEL = Rule("pc.abandon", SPEC, "The link back to the service returns access_denied.")
ISS = Rule("pc.iss", INFERRED, "Every return to the service carries iss (RFC 9207).", switchable=True)
CODE = Rule("pc.code", DOC, "A code lives 60 seconds and serves once, else invalid_grant.")
CODE_REPLAY = Rule(
    "pc.code_rejoue", INFERRED, "A second use of a code kills the access token of the first.", switchable=True
)
CLIENT_AUTH = Rule(
    "pc.client_secret_post", DOC, "The token endpoint takes client_secret_post, not HTTP Basic."
)
TOKENS = Rule("pc.jetons", DOC, "The access token lives one hour.")
USERINFO = Rule(
    "pc.userinfo", DOC, "userinfo is a signed JWT if the client declared an algorithm, else JSON."
)
SESSION_LOST = Rule("pc.session", SPEC, "A sign-in that is over, or of another browser, gives a page.")
LOGOUT = Rule(
    "pc.deconnexion", DOC, "session/end requires state and post_logout_redirect_uri.", switchable=True
)
HINT = Rule(
    "pc.id_token_hint", DOC, "session/end knows the service by id_token_hint, or client_id when it is lost."
)
POST_LOGOUT = Rule("pc.post_logout", SPEC, "post_logout_redirect_uri is one of the declared ones, exactly.")

RULES = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
