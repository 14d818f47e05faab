"""Exports: what an agent asked to take away, its progress, and the objects that hold it."""

from alembic import op

from migrations import politiques

revision = "0009_exports"
down_revision = "0008_objets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE demarches_export (
          collectivite_id uuid NOT NULL REFERENCES socle_collectivite,
          id uuid NOT NULL,
          slug text NOT NULL,
          titre text NOT NULL,
          format text NOT NULL CHECK (format IN ('csv', 'xlsx', 'ods', 'json', 'zip')),
          etats text[] NOT NULL,
          du date,
          au date,
          agent_id uuid NOT NULL REFERENCES socle_agent,
          agent_nom text NOT NULL,
          demande_le timestamptz NOT NULL,
          etat text NOT NULL CHECK (etat IN ('extraction', 'ecriture', 'pret', 'annule', 'expire')),
          total integer NOT NULL DEFAULT 0,
          extraits integer NOT NULL DEFAULT 0,
          ecrits integer NOT NULL DEFAULT 0,
          apres_le timestamptz,
          apres_id uuid,
          fini_le timestamptz,
          expire_le timestamptz,
          PRIMARY KEY (collectivite_id, id),
          CHECK ((apres_le IS NULL) = (apres_id IS NULL))
        );
        CREATE INDEX demarches_export_agent ON demarches_export (agent_id, demande_le DESC);
        CREATE INDEX demarches_export_expire ON demarches_export (expire_le) WHERE expire_le IS NOT NULL;
        CREATE TABLE demarches_export_objet (
          collectivite_id uuid NOT NULL,
          export_id uuid NOT NULL,
          genre text NOT NULL CHECK (genre IN ('morceau', 'fichier')),
          rang integer NOT NULL,
          objet_id uuid NOT NULL,
          nom text NOT NULL DEFAULT '',
          type_mime text NOT NULL DEFAULT '',
          taille bigint NOT NULL,
          dossiers integer NOT NULL,
          PRIMARY KEY (collectivite_id, export_id, genre, rang),
          FOREIGN KEY (collectivite_id, export_id) REFERENCES demarches_export ON DELETE CASCADE
        );
        CREATE INDEX demarches_dossier_demarche ON demarches_dossier (collectivite_id, slug, depose_le, id)
          WHERE depose_le IS NOT NULL;
        """
    )
    for table in ("demarches_export", "demarches_export_objet"):
        for statement in politiques.instruction(table):
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX demarches_dossier_demarche; DROP TABLE demarches_export_objet, demarches_export")
