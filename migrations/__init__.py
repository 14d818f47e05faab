"""The database, step by step: one file per step, applied by `kumun migrer` as the owner of the tables."""
