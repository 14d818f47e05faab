"""The archive term that answers gave to a dossier; how far dossiers are in following a version, and why some stay."""

from alembic import op

revision = "0030_regles"
down_revision = "0029_rendezvous_public"
branch_labels = None
depends_on = None

# NULL: the term of the version that the dossier was filed under.
COLONNES = """
ALTER TABLE demarches_dossier ADD COLUMN dua_annees smallint
  CONSTRAINT demarches_dossier_dua CHECK (dua_annees BETWEEN 0 AND 100);
ALTER TABLE demarches_bascule ADD COLUMN prevus integer NOT NULL DEFAULT 0;
ALTER TABLE demarches_bascule ADD COLUMN raisons jsonb NOT NULL DEFAULT '{}';
ALTER TABLE demarches_bascule ADD COLUMN refus jsonb NOT NULL DEFAULT '[]';
"""


def upgrade() -> None:
    op.execute(COLONNES)


def downgrade() -> None:
    op.execute("ALTER TABLE demarches_bascule DROP COLUMN refus, DROP COLUMN raisons, DROP COLUMN prevus")
    op.execute("ALTER TABLE demarches_dossier DROP COLUMN dua_annees")
