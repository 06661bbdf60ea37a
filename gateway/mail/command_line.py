"""What does a mail say beside a line that is a command? The line goes; a closing formula alone says nothing."""

from __future__ import annotations

from gateway.mail.html import from_text
from gateway.mail.quote_html import cut_out, lines_of

_FORMULAS = frozenset(
    formula.strip()
    for formula in """
    thanks|thank you|many thanks|thanks a lot|thanks in advance|cheers|regards|best|best regards|kind regards
    warm regards|many regards|with best regards|with kind regards|best wishes|yours|yours sincerely|yours faithfully
    sincerely|sincerely yours|grazie|grazie mille|tante grazie|saluti|cordiali saluti|distinti saluti|un saluto
    cordialmente|danke|vielen dank|mit freundlichen grüßen|mit freundlichen grüssen|freundliche grüße|viele grüße
    beste grüße|liebe grüße|gruß|mfg|merci|cordialement|bien à vous|salutations|gracias|saludos|un saludo
    atentamente|obrigado|obrigada|atenciosamente|bedankt|met vriendelijke groet|groeten
    """.replace("\n", "|").split("|")
) - {""}
_SIGNED_LINES, _SIGNED_WORDS = 4, 6  # below a formula: name, role, company, telephone


def says(line: str, command: str) -> bool:
    """The line is nothing but the command, in whatever case.

    >>> says("  /Leave ", "/leave"), says("I said /leave", "/leave")
    (True, False)
    """
    return line.strip().lower() == command


def without(command: str, text: str, html: str, *, name: str = "") -> tuple[str, str] | None:
    """Text and HTML without the lines that are nothing but the command; None where no line is.

    Both are "" where nothing else is said. name: of the author, who may sign with it alone. html: of the same words;
    where the line is not found in it, it is made of the text.

    >>> without("/leave", "/leave\\nBest regards\\nAnn", "")
    ('', '')
    >>> without("/leave", "It fits.\\n\\n/leave", "<p>It <b>fits</b>.</p><p>/leave</p>")
    ('It fits.', '<p>It <b>fits</b>.</p>')
    """
    lines = text.split("\n")
    rest = [line for line in lines if not says(line, command)]
    if len(rest) == len(lines):
        return None
    said = "\n".join(rest).strip()
    if not said or is_closing(said) or set(said.lower().split()) <= set(name.lower().split()):
        return "", ""
    return said, _cut(command, html) or from_text(said)


def is_closing(text: str) -> bool:
    """The text is a closing formula, and at most a few short lines of who says so.

    >>> is_closing("Kind regards,\\nAnn Example\\nAcme Corp"), is_closing("Thanks for the pump.")
    (True, False)
    """
    first, *others = [line.strip() for line in text.split("\n") if line.strip()] or [""]
    return (
        first.lower().strip(" ,.!;-–—*_") in _FORMULAS
        and len(others) <= _SIGNED_LINES
        and all(len(line.split()) <= _SIGNED_WORDS and line[-1] not in ".?!:" for line in others)
    )


def _cut(command: str, html: str) -> str:
    """The HTML without the lines of the command, "" where there is none in it."""
    read = lines_of(html)
    spans = [
        (read.starts[index], read.starts[index + 1])
        for index, line in enumerate(read.lines)
        if says(line, command)
    ]
    return cut_out(html, read, spans) if spans else ""
