"""Join the soft line ends of format=flowed text (RFC 3676), so that paragraphs wrap where they are shown.

Quoted lines stay as they are: their marks are what tells old text from new.
"""

from __future__ import annotations


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Join each line that ends in a blank with the next, unless one of them is quoted.

    text: line ends LF. delete_space: the blank was added by the sender (DelSp=yes, section 4.1).
    """
    paragraphs: list[list[str]] = []
    goes_on = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        line = line.removeprefix(" ")  # space-stuffing, section 4.4
        if not goes_on or quoted or line == "-- ":
            paragraphs.append([])
        goes_on = line.endswith(" ") and line != "-- " and not quoted
        paragraphs[-1].append(line[:-1] if goes_on and delete_space else line)
    return "\n".join("".join(lines) for lines in paragraphs)
