"""FranceConnect v2 (low level, eidas1): sign-in, tokens, userinfo, sign-out, fictitious people."""
