"""ProConnect: authorize, token, userinfo, logout, and agents of fictitious and of Breton public bodies."""
