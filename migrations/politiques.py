"""The SQL of the perimeter, written once: forced row-level security and its policies, for use in migrations only.

A tenant table gets its policies in the migration that creates it. The sub-selects make PostgreSQL read each setting
once a statement instead of once a row.
"""

LECTURE = "collectivite_id = ANY ((SELECT perimetre())::uuid[])"
ECRITURE = "collectivite_id = (SELECT collectivite_courante())"
INSTRUCTION = "(SELECT en_instruction())"
A_SOI = "(usager_id = (SELECT usager_courant()) OR jeton_empreinte = (SELECT jeton_courant()))"


def forcer(table: str) -> list[str]:
    """Row-level security for every role; only the platform role and the owner (whose functions are the doors) pass."""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY plateforme ON {table} TO kumun_plateforme, kumun_proprietaire USING (true) WITH CHECK (true)",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO kumun_plateforme",
    ]


def _politiques(table: str, lecture: str, ecriture: str, droits: str) -> list[str]:
    sql = [*forcer(table), f"GRANT {droits} ON {table} TO kumun_app"]
    for droit in droits.split(", "):
        if droit == "SELECT":
            sql.append(f"CREATE POLICY lecture ON {table} FOR SELECT TO kumun_app USING ({lecture})")
        elif droit == "INSERT":
            sql.append(f"CREATE POLICY ajout ON {table} FOR INSERT TO kumun_app WITH CHECK ({ecriture})")
        elif droit == "UPDATE":
            sql.append(
                f"CREATE POLICY modification ON {table} FOR UPDATE TO kumun_app"
                f" USING ({ecriture}) WITH CHECK ({ecriture})"
            )
        else:
            sql.append(f"CREATE POLICY retrait ON {table} FOR DELETE TO kumun_app USING ({ecriture})")
    return sql


def commune(table: str, droits: str = "SELECT, INSERT, UPDATE, DELETE") -> list[str]:
    """Settings and content of a collectivité: read in the perimeter, written by whoever acts for it."""
    return _politiques(table, LECTURE, f"{ECRITURE} AND {INSTRUCTION}", droits)


def instruction(table: str, droits: str = "SELECT, INSERT, UPDATE, DELETE") -> list[str]:
    """What concerns those who act for a collectivité alone: read and written under instruction, in the perimeter."""
    return _politiques(table, f"{LECTURE} AND {INSTRUCTION}", f"{ECRITURE} AND {INSTRUCTION}", droits)


def dossier(table: str) -> list[str]:
    """Dossiers: read and written by their owner anywhere, by the collectivité once they are submitted to it.

    What a resident has not submitted is nobody else's, even in the perimeter; what an agent fills for somebody
    (`canal`) is the collectivité's from the first word.
    """
    remis = f"{INSTRUCTION} AND (depose_le IS NOT NULL OR canal <> 'web')"
    return _politiques(
        table,
        f"({LECTURE} AND {remis}) OR {A_SOI}",
        f"{ECRITURE} AND (({remis}) OR {A_SOI})",
        "SELECT, INSERT, UPDATE, DELETE",
    )


def personnel(table: str, droits: str = "SELECT, INSERT, UPDATE, DELETE") -> list[str]:
    """Rows of a person: theirs anywhere, and the collectivité's under instruction, in the perimeter."""
    return _politiques(
        table,
        f"({LECTURE} AND {INSTRUCTION}) OR {A_SOI}",
        f"{ECRITURE} AND ({INSTRUCTION} OR {A_SOI})",
        droits,
    )


def du_dossier(
    table: str, droits: str = "SELECT, INSERT, UPDATE, DELETE", reserve: str = "true"
) -> list[str]:
    """Rows that hang under a dossier: seen by whoever sees that dossier; `reserve` narrows it for its owner."""
    visible = (
        f"EXISTS (SELECT 1 FROM demarches_dossier d WHERE d.collectivite_id = {table}.collectivite_id"
        f" AND d.id = {table}.dossier_id) AND ({INSTRUCTION} OR ({reserve}))"
    )
    return _politiques(table, visible, f"{ECRITURE} AND {visible}", droits)


def fonction(nom: str, role: str = "kumun_app") -> list[str]:
    """Rights on a SECURITY DEFINER function: nobody but the role named (give the signature too)."""
    return [
        f"REVOKE ALL ON FUNCTION {nom} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {nom} TO {role}",
    ]


def interne(table: str, droits: str = "SELECT, INSERT, UPDATE, DELETE") -> list[str]:
    """What agents alone read and write of a collectivité: how they share the work, what they are doing."""
    return _politiques(table, f"{LECTURE} AND {INSTRUCTION}", f"{ECRITURE} AND {INSTRUCTION}", droits)


def de_l_agent(table: str) -> list[str]:
    """What an agent keeps for oneself, in no collectivité: reached by that agent alone."""
    soi = "agent_id = (SELECT agent_courant())"
    return _politiques(table, soi, soi, "SELECT, INSERT, UPDATE, DELETE")
