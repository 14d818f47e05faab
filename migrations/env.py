"""Runs the migrations as the owner of the tables, on one connection, under an advisory lock."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

config = context.config


def run_migrations_online() -> None:
    """Applies what is missing; two processes at once wait for one another."""
    url = config.attributes["url"]
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text("SELECT pg_advisory_lock(71937193)"))
        connection.commit()
        context.configure(connection=connection, target_metadata=None, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(71937193)"))
        connection.commit()
    engine.dispose()


run_migrations_online()
