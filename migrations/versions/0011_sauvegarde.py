"""What a backup reads: the owner sees the whole audit trail, in a session that says it is one."""

from alembic import op

revision = "0011_sauvegarde"
down_revision = "0010_essais"
branch_labels = None
depends_on = None

# Not USING (true): the functions that run as the owner must go on seeing no more of the audit than their own rule says.
SAUVEGARDE = """
CREATE POLICY sauvegarde ON socle_audit FOR SELECT TO kumun_proprietaire
  USING (current_setting('app.sauvegarde', true) = 'oui');
"""


def upgrade() -> None:
    op.execute(SAUVEGARDE)


def downgrade() -> None:
    op.execute("DROP POLICY sauvegarde ON socle_audit")
