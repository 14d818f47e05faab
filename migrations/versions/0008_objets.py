"""Objects being received: known before their bytes are, so that one whose row never came is found and destroyed."""

from alembic import op

revision = "0008_objets"
down_revision = "0007_guichet"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE socle_objet_attendu (
          id uuid PRIMARY KEY,
          attendu_le timestamptz NOT NULL
        );
        CREATE INDEX socle_objet_attendu_le ON socle_objet_attendu (attendu_le);
        GRANT INSERT, DELETE, SELECT ON socle_objet_attendu TO kumun_app, kumun_plateforme;
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE socle_objet_attendu")
