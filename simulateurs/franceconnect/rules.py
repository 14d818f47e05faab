"""What FranceConnect v2 accepts and refuses, each rule with its evidence; README.md shows the same table."""

from datetime import timedelta

from simulateurs.socle.rules import Evidence, Rule

CODE_LIFETIME = timedelta(seconds=30)
ACCESS_TOKEN_LIFETIME = timedelta(seconds=60)
ID_TOKEN_LIFETIME = timedelta(seconds=60)
SESSION_LIFETIME = timedelta(minutes=30)

SRC, INFERRED = Evidence.FC_SRC, Evidence.INFERRED

PARAMETERS = Rule(
    "fc.parametres",
    SRC,
    "authorize has a closed list of parameters; PKCE, login_hint, max_age and others give page Y030007.",
)
REQUIRED = Rule(
    "fc.obligatoires",
    SRC,
    "client_id, redirect_uri, response_type, scope, acr_values, state, nonce are required: page Y030007.",
)
NONCE = Rule("fc.nonce", SRC, "nonce has at least 22 characters, else page Y030007.")
PROMPT = Rule(
    "fc.prompt",
    SRC,
    "prompt is login and/or consent; none, select_account or empty give page Y030007.",
)
CLIENT = Rule("fc.client", SRC, "An unknown or disabled client gives page Y04EA6EF.")
REDIRECT = Rule(
    "fc.redirect_uri", SRC, "redirect_uri is one of the declared ones, exactly, else page Y04C013C."
)
SECTOR = Rule(
    "fc.secteur",
    SRC,
    "A declared sector_identifier_uri must answer and list every redirect_uri, else page Y04A8220.",
)
ACR = Rule(
    "fc.acr",
    SRC,
    "The lowest known acr_values wins; eidas2 and eidas3 return invalid_acr; unknown ones mean eidas1.",
)
RESPONSE_TYPE = Rule(
    "fc.response_type", SRC, "Only response_type=code; others return unsupported_response_type."
)
OPENID = Rule("fc.openid", SRC, "scope holds openid, else invalid_request is returned.")
SCOPE = Rule(
    "fc.scope",
    INFERRED,
    "A scope not granted to the client (amr, idp_id need an authorisation) returns invalid_scope.",
    switchable=True,
)
CLAIMS = Rule("fc.claims", SRC, "claims is JSON, else page Y030028.")
AMR = Rule("fc.amr", SRC, "An amr claim asked without authorisation gives page Y030009.")
IDP_HINT = Rule(
    "fc.idp_hint", SRC, "An idp_hint outside the allowed identity providers returns invalid_idp_hint."
)
SKIP_CONSENT = Rule(
    "fc.sans_information",
    SRC,
    "Skipping the information page with prompt=login needs a per-client authorisation.",
)
CANCEL = Rule("fc.abandon", SRC, "The link back to the service returns access_denied, User auth aborted.")
ISS = Rule("fc.iss", SRC, "Every return to the service carries iss (RFC 9207).")
CODE = Rule("fc.code", SRC, "A code lives 30 seconds and serves once, else invalid_grant.")
CLIENT_AUTH = Rule(
    "fc.client_secret_post", SRC, "The token endpoint takes client_secret_post, not HTTP Basic."
)
CODE_REPLAY = Rule(
    "fc.code_rejoue", INFERRED, "A second use of a code kills the access token of the first.", switchable=True
)
PKCE_VERIFIER = Rule(
    "fc.code_verifier",
    INFERRED,
    "A code_verifier without code_challenge returns invalid_grant.",
    switchable=True,
)
TOKENS = Rule("fc.jetons", SRC, "Access token and id_token live 60 seconds; there is no refresh token.")
ID_TOKEN = Rule(
    "fc.id_token",
    SRC,
    "The id_token holds sub, acr, auth_time, nonce, aud, exp, iat, iss (amr if authorised) and no identity.",
)
SUB = Rule(
    "fc.sub",
    SRC,
    "sub = SHA-256 of entityId, hash of the six pivot fields and a secret, then v1: 66 characters.",
)
USERINFO = Rule("fc.userinfo", SRC, "userinfo is a signed JWT (application/jwt), for a live access token.")
USERINFO_ONCE = Rule(
    "fc.userinfo_une_fois", INFERRED, "userinfo answers once for an access token.", switchable=True
)
EMAIL = Rule("fc.email", SRC, "An identity without a valid e-mail is rejected (Y600006, server_error).")
OUTCOME_PAGE = Rule(
    "fc.page_avant_retour",
    INFERRED,
    "A failed identity check shows FranceConnect's page with its code; the person's click returns the error.",
    switchable=True,
)
SSO = Rule(
    "fc.sso", SRC, "A live session (30 minutes, sliding) shows only the information page, for every service."
)
SESSION_LOST = Rule("fc.session", SRC, "A sign-in that is over, or of another browser, gives page Y190001.")
HINT = Rule("fc.id_token_hint", SRC, "session/end requires id_token_hint; an expired one is accepted.")
POST_LOGOUT = Rule("fc.post_logout", SRC, "post_logout_redirect_uri is one of the declared ones, exactly.")
LOGOUT_PAGE = Rule(
    "fc.page_deconnexion",
    SRC,
    "session/end answers with a page that goes on by itself, not with a redirect.",
)

RULES = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
