"""Outside services of the démarches, each behind a Protocol; `app/bootstrap.py` chooses."""
