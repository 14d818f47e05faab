"""What a person says of a document: its kind, the date written on it; and whether it has a thumbnail."""

from alembic import op

revision = "0028_champs"
down_revision = "0027_bornes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE demarches_piece
          ADD COLUMN nature text NOT NULL DEFAULT '',
          ADD COLUMN date_document date,
          ADD COLUMN vignette boolean NOT NULL DEFAULT false;
        """
    )


def downgrade() -> None:
    op.execute(
        "ALTER TABLE demarches_piece DROP COLUMN nature, DROP COLUMN date_document, DROP COLUMN vignette"
    )
