"""Who wrote each answer of a draft, and from which form: two people on it do not erase each other."""

from alembic import op

revision = "0016_remplissage"
down_revision = "0015_mesures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE demarches_reponse
          -- The form (one showing of a page) that wrote the answer: it may write it again without asking.
          ADD COLUMN origine text NOT NULL DEFAULT '',
          -- As the audit trail names who acts; empty for who has no account.
          ADD COLUMN auteur text NOT NULL DEFAULT '';
        """
    )


def downgrade() -> None:
    op.execute("ALTER TABLE demarches_reponse DROP COLUMN origine, DROP COLUMN auteur")
