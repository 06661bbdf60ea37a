"""What the store raises when it is the trouble itself, apart from what it is made with, which takes long to import."""


class StoreUnavailable(Exception):
    """The database is away, locked, read-only or out of space: trying again later can help."""
