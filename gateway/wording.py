"""How values and our own words read in the language of a reader: numbers, money, dates, times, yes and no.

What is stored stays as ``rules/values.show`` wrote it; each mail, page and template of the host shows it as its
reader's language does. Times are in UTC, as over every message. babel knows how languages write; the words
come from the catalogue of the mails.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from babel.support import NullTranslations, Translations

from gateway.rules.sentences import translated
from gateway.rules.tracking import ACTIVE, ASSIGNEE
from gateway.rules.values import read

DOMAIN = "threadpost"
SOURCE_LANGUAGE = "en"
_OURS = frozenset({ACTIVE, ASSIGNEE})  # lines whose labels are ours
_ISO_CURRENCY = 3  # letters
_MOST_WORDINGS = 100  # kept


def templates_directory() -> Path:
    """Where the packaged templates lie: inside an installed wheel, else in the checkout."""
    here = Path(__file__).resolve().parent
    packaged = here / "_data" / "templates"
    return packaged if packaged.is_dir() else here.parent / "templates"


@cache
def translations(directory: Path, language: str) -> NullTranslations:
    """The catalogue of a language; one without words where there is none."""
    path = directory / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        return NullTranslations()
    compiled = io.BytesIO()
    with open(path, "rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled, DOMAIN)


@lru_cache(_MOST_WORDINGS)
def wording(language: str) -> Wording:
    """The wording of a BCP 47 tag; where babel does not know it, that of its first part, else English."""
    locale = locale_of(language) or locale_of(language.partition("-")[0]) or Locale.parse(SOURCE_LANGUAGE)
    return Wording(locale, translations(templates_directory(), locale.language))


def locale_of(language: str) -> Locale | None:
    """What babel knows of a language, None if nothing."""
    try:
        return Locale.parse(language.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        return None


class Wording:
    """Writes for readers of one language. locale: how it writes; words: its catalogue."""

    def __init__(self, locale: Locale, words: NullTranslations) -> None:
        self._locale = locale
        self._words = words

    def day(self, value: date) -> str:
        """A date in words."""
        return str(format_date(value, "long", locale=self._locale))

    def moment(self, value: datetime, *, exact: bool = False) -> str:
        """A time to the minute. exact: to the second, where it names one."""
        clock = format_time(value, "medium" if exact and value.second else "short", locale=self._locale)
        return f"{format_date(value, 'medium', locale=self._locale)}, {clock} UTC"

    def value(self, text: str, kind: str) -> str:
        """A value as it is stored for people. kind: the type of its field; what is none of it stays."""
        if kind == "boolean":
            return self._said(text) if text in ("yes", "no") else text
        value, currency = read(kind, text)
        match value:
            case Decimal() if kind == "number":
                return str(format_decimal(value, locale=self._locale, decimal_quantization=False))
            case Decimal():
                return self._money(value, currency)
            case datetime():
                return self.moment(value, exact=True)
            case date():
                return str(format_date(value, "medium", locale=self._locale))
        return text

    def line(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """A stored line of a log entry: its values, and its label where that is ours."""
        kind = line.get("kind") or line.get("type") or ""
        label = self._said(line["label"]) if line["field"] in _OURS else line["label"]
        return {
            **line,
            "label": label,
            "old": self.value(line["old"], kind),
            "new": self.value(line["new"], kind),
        }

    def told(self, text: str) -> str:
        """The text of a log entry, with the sentences that are ours."""
        return translated(text, self._said)

    def _said(self, words: str) -> str:
        return str(self._words.gettext(words))

    def _money(self, amount: Decimal, currency: str) -> str:
        if len(currency) == _ISO_CURRENCY and currency.isupper():
            return str(format_currency(amount, currency, locale=self._locale, decimal_quantization=False))
        number = format_decimal(amount, locale=self._locale, decimal_quantization=False)
        return f"{number} {currency}".strip()
