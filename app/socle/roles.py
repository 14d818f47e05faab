"""The three database roles and their rights on the database; the same SQL for the embedded server and a managed one.

`kumun_proprietaire` owns the database and the tables, `kumun_app` serves requests, `kumun_plateforme` does platform
work through `hors_cloison`. None is superuser and none bypasses row-level security: the perimeter holds for all.
"""

from typing import Protocol

PROPRIETAIRE = "kumun_proprietaire"
APP = "kumun_app"
PLATEFORME = "kumun_plateforme"
ROLES = (PROPRIETAIRE, APP, PLATEFORME)

_CREATE_ROLE = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
    CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
  END IF;
END $$;
"""

_RIGHTS = """
REVOKE ALL ON DATABASE {base} FROM PUBLIC;
GRANT ALL ON DATABASE {base} TO {proprietaire};
GRANT CONNECT ON DATABASE {base} TO {app};
GRANT CONNECT, TEMPORARY ON DATABASE {base} TO {plateforme};
"""


class SqlConnection(Protocol):
    """What is needed of a connection: an asyncpg one fits as it is."""

    async def execute(self, query: str) -> object:
        """Run one or more statements."""
        ...


def role_statements() -> str:
    """SQL that creates the roles that are missing. Rights of an existing role are left as they are."""
    return "".join(_CREATE_ROLE.format(role=role) for role in ROLES)


def right_statements(base: str) -> str:
    """SQL that closes database `base` to everybody but the three roles. `base` is a plain identifier."""
    if not base.isidentifier():
        raise ValueError(f"not a plain database name: {base!r}")
    return _RIGHTS.format(base=base, proprietaire=PROPRIETAIRE, app=APP, plateforme=PLATEFORME)


async def creer_roles(connexion: SqlConnection, base: str) -> None:
    """Create the missing roles and set the rights on `base`; running it again changes nothing.

    The connection needs CREATEROLE and ownership of `base`. Roles made here have no password: on a server that
    asks for one, set it afterwards (`deploy/postgres-init.sql` does both).
    """
    await connexion.execute(role_statements())
    await connexion.execute(right_statements(base))
