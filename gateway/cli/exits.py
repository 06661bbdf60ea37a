"""How a command ends: the codes of sysexits.h, and the exception that ends it with one of them."""

from __future__ import annotations

EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_NOUSER, EX_UNAVAILABLE, EX_SOFTWARE = 64, 65, 66, 67, 69, 70
EX_CANTCREAT, EX_IOERR, EX_TEMPFAIL, EX_CONFIG = 73, 74, 75, 78


class Ends(Exception):
    """Ends the process. text: what was wrong, for standard error; "" = it was said already."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def of_file(code: int, name: object, trouble: OSError) -> Ends:
    """The end for a file that cannot be read (66) or made (73)."""
    return Ends(code, f"{name}: {trouble.strerror or trouble}")
