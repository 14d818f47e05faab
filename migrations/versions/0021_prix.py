"""The price of a request, as its rule said on the day of submission, in cents."""

from alembic import op

revision = "0021_prix"
down_revision = "0020_edition"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE demarches_dossier ADD COLUMN prix_centimes bigint "
        "CONSTRAINT demarches_dossier_prix_positif CHECK (prix_centimes >= 0)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE demarches_dossier DROP COLUMN prix_centimes")
