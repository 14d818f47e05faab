"""Online procedures: catalogue, forms and their versions, dossiers, instruction, decisions."""
