"""FranceConnect credentials, one set per collectivité: FranceConnect refuses one key for a pool of communes."""

from alembic import op

from migrations.politiques import commune

revision = "0004_identite"
down_revision = "0003_demarches"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE identite_franceconnect (
          collectivite_id uuid PRIMARY KEY REFERENCES socle_collectivite,
          emetteur text NOT NULL,
          client_id text NOT NULL,
          secret bytea NOT NULL,
          entite text NOT NULL,
          modifie_le timestamptz NOT NULL
        )
        """
    )
    for sql in commune("identite_franceconnect", "SELECT"):
        op.execute(sql)


def downgrade() -> None:
    op.execute("DROP TABLE identite_franceconnect")
