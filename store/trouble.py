"""What the store raises when it is the trouble itself, apart from what it is made with, which takes long to import."""


class StoreUnavailable(Exception):
    """The database is away, locked, read-only or out of space: trying again later can help.

    statement: what it was asked, by its first words and without any value, "" if no statement is to blame.
    """

    def __init__(self, detail: str, statement: str = "") -> None:
        super().__init__(detail)
        self.statement = statement
