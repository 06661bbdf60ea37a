"""The steps by which the schema changes, in order; run by ``store.schema``."""
