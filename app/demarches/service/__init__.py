"""Use cases of the module, one file per sub-noun: the only files that routes, jobs and the portal call."""
