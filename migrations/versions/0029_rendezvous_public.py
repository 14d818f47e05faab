"""What a resident's own booking needs: its identity through moves, the words it was booked with, its reminders."""

from alembic import op

from migrations import politiques

revision = "0029_rendezvous_public"
down_revision = "0028_champs"
branch_labels = None
depends_on = None

TABLES = """
-- The secret of the link that goes by e-mail owns the row as an anonymous browser's does: one column for both.
ALTER TABLE rendezvous_rendezvous
  DROP COLUMN lien_empreinte,
  -- The first of the rendez-vous that this one is, moved: what calendars and links know it by.
  ADD COLUMN origine_id uuid,
  -- Given up because another took its place.
  ADD COLUMN deplace boolean NOT NULL DEFAULT false,
  -- Motif, lieu and papers in the words of the day it was booked: a motif may change its name, or go.
  ADD COLUMN libelles jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN langue text NOT NULL DEFAULT 'fr';
CREATE INDEX rendezvous_rendezvous_jeton ON rendezvous_rendezvous (jeton_empreinte) WHERE jeton_empreinte IS NOT NULL;
CREATE INDEX rendezvous_rendezvous_venir ON rendezvous_rendezvous (debut) WHERE etat = 'confirme';
-- A reminder is asked for once: its row is written in the transaction that enqueues it.
CREATE TABLE rendezvous_rappel (
  collectivite_id uuid NOT NULL,
  rendezvous_id uuid NOT NULL,
  genre text NOT NULL CHECK (genre IN ('deux_jours', 'deux_heures')),
  demande_le timestamptz NOT NULL,
  PRIMARY KEY (collectivite_id, rendezvous_id, genre),
  FOREIGN KEY (collectivite_id, rendezvous_id) REFERENCES rendezvous_rendezvous ON DELETE CASCADE
);
-- Pages that are kept in memory say what one may come for.
CREATE TRIGGER annonce_ajout AFTER INSERT ON rendezvous_motif
  REFERENCING NEW TABLE AS changees FOR EACH STATEMENT EXECUTE FUNCTION adoption_changee();
CREATE TRIGGER annonce AFTER UPDATE ON rendezvous_motif
  REFERENCING NEW TABLE AS changees FOR EACH STATEMENT EXECUTE FUNCTION adoption_changee();
CREATE TRIGGER annonce_retrait AFTER DELETE ON rendezvous_motif
  REFERENCING OLD TABLE AS changees FOR EACH STATEMENT EXECUTE FUNCTION adoption_changee();
"""


def upgrade() -> None:
    op.execute(TABLES)
    for statement in politiques.instruction("rendezvous_rappel", "SELECT, INSERT"):
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        "DROP TRIGGER annonce_ajout ON rendezvous_motif; DROP TRIGGER annonce ON rendezvous_motif;"
        " DROP TRIGGER annonce_retrait ON rendezvous_motif;"
        " DROP TABLE rendezvous_rappel; DROP INDEX rendezvous_rendezvous_jeton, rendezvous_rendezvous_venir;"
        " ALTER TABLE rendezvous_rendezvous DROP COLUMN origine_id, DROP COLUMN deplace, DROP COLUMN libelles,"
        " DROP COLUMN langue, ADD COLUMN lien_empreinte bytea UNIQUE"
    )
