"""The language in which a person filed, for the e-mails that follow; acts stay in French."""

from alembic import op

revision = "0018_langue"
down_revision = "0017_acces"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE demarches_dossier ADD COLUMN langue text NOT NULL DEFAULT 'fr' CHECK (langue ~ '^[a-z]{2}$')"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE demarches_dossier DROP COLUMN langue")
