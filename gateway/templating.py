"""The one factory of Jinja2 environments, for mail and for pages.

HTML is escaped by itself, a missing value is an error. Templates of the host run in a sandbox. The
style sheet ``mail/_style.css`` is put into the style attributes of the mail templates when they are
loaded, once, because mail programs drop style sheets; not once a mail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import css_inline
from babel import Locale
from babel.support import NullTranslations
from jinja2 import (
    BaseLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
)
from jinja2.sandbox import SandboxedEnvironment

from gateway.wording import DOMAIN as DOMAIN
from gateway.wording import SOURCE_LANGUAGE as SOURCE_LANGUAGE
from gateway.wording import Wording, locale_of, translations
from gateway.wording import templates_directory as templates_directory


def is_escaped(name: str | None) -> bool:
    """Everything is HTML but what is named .txt."""
    return name is None or not name.endswith(".txt")


class Templates:
    """The templates of one directory in every language that it has; thread-safe, keep one."""

    def __init__(self, directory: Path, *, language: str = SOURCE_LANGUAGE) -> None:
        self._directory = directory
        self._loader = _InliningLoader(directory)
        self._default = language
        self._environments: dict[str, Environment] = {}

    @cached_property
    def languages(self) -> frozenset[str]:
        """The languages that have a translation, and the source language."""
        found = (
            path.parent.parent.name for path in self._directory.glob(f"locale/*/LC_MESSAGES/{DOMAIN}.po")
        )
        return frozenset([SOURCE_LANGUAGE, *found])

    def language(self, wanted: str) -> str:
        """The best language that we have for a BCP 47 tag; "" = the house's.

        >>> Templates(templates_directory()).language("it-CH")
        'it'
        """
        tag = (wanted or self._default).replace("_", "-").split("-")[0].lower()
        return tag if tag in self.languages else SOURCE_LANGUAGE

    def environment(self, language: str = SOURCE_LANGUAGE) -> Environment:
        """The environment of a language of ``languages``."""
        found = self._environments.get(language)
        if found is None:
            found = self._environments[language] = _environment(
                Environment, self._loader, language, self._translations(language)
            )
        return found

    def render(self, name: str, language: str, context: Mapping[str, Any]) -> str:
        """Render a template of the directory. Raises jinja2.TemplateError."""
        return self.environment(language).get_template(name).render(context)

    def wording(self, language: str) -> Wording:
        """How values read in a language of ``languages``."""
        return _wording(language, self._translations(language))

    def _translations(self, language: str) -> NullTranslations:
        return translations(self._directory, language)


def _environment(
    kind: type[Environment], loader: BaseLoader | None, language: str, words: NullTranslations
) -> Environment:
    environment = kind(
        loader=loader, autoescape=is_escaped, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"], auto_reload=False,
    )  # fmt: skip
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(_filters(_wording(language, words)))
    environment.globals["language"] = language
    return environment


def _wording(language: str, words: NullTranslations) -> Wording:
    return Wording(locale_of(language) or Locale.parse(SOURCE_LANGUAGE), words)


def _filters(wording: Wording) -> dict[str, Callable[..., Any]]:
    def size(octets: int) -> str:
        return (
            f"{octets} B"
            if octets < 1024
            else f"{octets // 1024} KiB"
            if octets < 1 << 20
            else f"{octets / (1 << 20):.1f} MiB"
        )

    return {"day": wording.day, "moment": wording.moment, "octets": size}


class _InliningLoader(FileSystemLoader):
    """Loads files; those of mail/*.html with the style sheet already inside their style attributes."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        style = directory / "mail" / "_style.css"
        self._css = style.read_text() if style.exists() else ""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, name, is_current = super().get_source(environment, template)
        if template.startswith("mail/") and template.endswith(".html") and self._css:
            source = self._inlined(source)
        return source, name, is_current

    def _inlined(self, source: str) -> str:
        if "<html" not in source:
            return css_inline.inline_fragment(source, self._css, load_remote_stylesheets=False)
        inliner = css_inline.CSSInliner(
            extra_css=self._css, inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False
        )
        return inliner.inline(source)


class BadPlaceholder(ValueError):
    """A template of the host holds something that it may not, or names what is not there."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(f"line {line}: {detail}" if line else detail)
        self.line, self.detail = line, detail


_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const,
    nodes.Filter, nodes.If, nodes.CondExpr, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Keyword,
)  # fmt: skip
_FILTERS = frozenset(
    ("capitalize", "d", "default", "escape", "e", "first", "int", "join", "last", "length", "lower", "round", "title", "trim", "upper")
)  # fmt: skip


class _Placeholders(SandboxedEnvironment):
    """Sees mappings and lists, no attribute of anything."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, list | tuple) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.getattr(obj, argument)


@cache
def _placeholders(html: bool) -> Environment:
    environment = _environment(_Placeholders, None, SOURCE_LANGUAGE, NullTranslations())
    environment.autoescape = html
    environment.finalize = lambda value: "" if value is None else value
    return environment


def check_placeholders(source: str, names: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Read a text with placeholders; answers which names it uses (record, record.shown). Raises BadPlaceholder.

    names: what may stand before the first point, each with what may follow it. There are no loops, no
    calls and no arithmetic, so that a text is as quick as it is long.
    """
    try:
        tree = _placeholders(True).parse(source)
    except TemplateSyntaxError as trouble:
        raise BadPlaceholder(trouble.lineno, trouble.message or "cannot be read") from trouble
    used = set()
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            raise BadPlaceholder(node.lineno, f"{type(node).__name__.lower()} is not offered here")
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            raise BadPlaceholder(node.lineno, f"there is no filter {node.name}")
        if isinstance(node, nodes.Name):
            if node.name not in names:
                raise BadPlaceholder(node.lineno, f"there is no {{{{ {node.name} }}}}")
            used.add(node.name)
        if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
            known = names.get(node.node.name)
            if known is not None and node.attr not in known:
                raise BadPlaceholder(node.lineno, f"there is no {{{{ {node.node.name}.{node.attr} }}}}")
            used.add(f"{node.node.name}.{node.attr}")
    return frozenset(used)


def fill_placeholders(source: str, context: Mapping[str, Any], *, html: bool) -> str:
    """Fill in the placeholders of a text that was checked. html: values are escaped. Raises BadPlaceholder."""
    environment = _placeholders(html)
    try:
        return environment.from_string(source).render(context)
    except UndefinedError as trouble:
        raise _missing(environment, source, context) or BadPlaceholder(0, str(trouble)) from trouble
    except (TemplateError, TypeError, ValueError, ArithmeticError) as trouble:
        raise BadPlaceholder(0, str(trouble)) from trouble


def _missing(environment: Environment, source: str, context: Mapping[str, Any]) -> BadPlaceholder | None:
    """The first placeholder that leads nowhere."""
    for node in environment.parse(source).find_all(nodes.Getattr):
        path = _path(node)
        value: Any = context
        for step in path:
            if not isinstance(value, Mapping) or step not in value:
                return BadPlaceholder(node.lineno, f"there is no {{{{ {'.'.join(path)} }}}}")
            value = value[step]
    return None


def _path(node: nodes.Node) -> list[str]:
    """The names of ``a.b.c``; [] where it is something else."""
    steps: list[str] = []
    while isinstance(node, nodes.Getattr):
        steps.append(node.attr)
        node = node.node
    return [node.name, *reversed(steps)] if isinstance(node, nodes.Name) else []
