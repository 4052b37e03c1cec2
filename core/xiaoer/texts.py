"""What Xiaoer says, in Chinese and English: catalogues of the core, adapters and plugins, and communities' own words.

A package brings ``locales/zh.po`` and ``locales/en.po``: the msgid is the text's key, the msgstr its template. Forms
for one and many follow gettext's plurals and are chosen by the value ``count``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from gettext import c2py
from importlib.resources import files
from importlib.util import find_spec
from io import BytesIO
from typing import IO, Any, NamedTuple

import structlog
from babel.messages.catalog import Message
from babel.messages.pofile import PoFileError, read_po

from xiaoer.communities import Community
from xiaoer.content import Text
from xiaoer.errors import PluginError
from xiaoer.templates import Template, TemplateError, compile_template, fill, speller

LANGUAGES = ("zh", "en")
"""The languages that Xiaoer speaks; the last one stands in for languages that it does not."""

Overrides = Mapping[str, Mapping[str, str]]
"""A community's own words: templates by language and key, as ``[communities.<id>.texts.<language>]`` gives them."""


class TextProblem(NamedTuple):
    """Something wrong with a community's own words: where, and one sentence with what is allowed."""

    language: str
    key: str
    message: str


class Entry(NamedTuple):
    """One text in one language.

    Args:
        forms: its templates, one for each plural form; a text that counts nothing has one.
        package: who brought it.
    """

    forms: tuple[Template, ...]
    package: str

    @property
    def names(self) -> frozenset[str]:
        """The placeholders of all its forms."""
        return frozenset[str]().union(*(form.names for form in self.forms))


class Catalogue:
    """The texts of one package in one language.

    Attributes:
        package: the package.
        language: the language.
        entries: its texts by key.
        plural: chooses the form of a text by a count.
        faults: what is wrong in it, a sentence each.
    """

    def __init__(self, package: str, language: str, file: IO[bytes]) -> None:
        """Read a catalogue.

        Raises:
            PluginError: the file is not a PO file.
        """
        self.package = package
        self.language = language
        self.entries: dict[str, Entry] = {}
        self.faults: list[str] = []
        try:
            catalog = read_po(file, locale=language, abort_invalid=True)
            self.plural: Callable[[int], int] = c2py(catalog.plural_expr)
        except (PoFileError, ValueError, LookupError) as error:
            raise PluginError(package, f"locales/{language}.po cannot be read: {error}") from error
        for message in catalog:
            if message.id:
                self._take(message, catalog.num_plurals)

    def _take(self, message: Message, plurals: int) -> None:
        key = message.id if isinstance(message.id, str) else str(message.id[0])
        sources = (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
        if message.fuzzy or not all(sources):
            self._fault(key, "is marked fuzzy" if message.fuzzy else "says nothing")
            return
        if message.pluralizable and len(sources) != plurals:
            self._fault(key, f"has {len(sources)} plural forms, not {plurals}")
            return
        try:
            self.entries[key] = Entry(tuple(compile_template(source) for source in sources), self.package)
        except TemplateError as error:
            self._fault(key, f"is wrong: {error}")

    def _fault(self, key: str, message: str) -> None:
        self.faults.append(f"{self.package}/locales/{self.language}.po: {key} {message}")


class Texts:
    """The translations, as :class:`~xiaoer.scene.Words` has them.

    Args:
        catalogues: where the texts are from; of two that bring one key the earlier has it.
    """

    def __init__(self, catalogues: Iterable[Catalogue]) -> None:
        self._catalogues = tuple(catalogues)
        self._entries: dict[str, dict[str, Entry]] = {language: {} for language in LANGUAGES}
        self._plurals: dict[tuple[str, str], Callable[[int], int]] = {}
        self._overrides: dict[tuple[str, str], dict[str, Template]] = {}
        self._told: set[tuple[str, str]] = set()
        for catalogue in self._catalogues:
            entries = self._entries[catalogue.language]
            self._plurals[catalogue.package, catalogue.language] = catalogue.plural
            for key, entry in catalogue.entries.items():
                entries.setdefault(key, entry)

    @classmethod
    def load(cls, packages: Iterable[str]) -> Texts:
        """Return the texts of the core and of packages; one that has no ``locales`` has nothing to say.

        Args:
            packages: import names, for instance ``xiaoer_welcome``.

        Raises:
            PluginError: a file is not a PO file.
        """
        return cls(catalogue for package in dict.fromkeys(("xiaoer", *packages)) for catalogue in _catalogues(package))

    def text(self, locale: str | None, community: Community, key: str, values: dict[str, Any]) -> Text:
        """Return a text.

        Args:
            locale: the person's language, for instance ``zh-hans`` or ``en_GB``; None when it is not known.
            community: whose words, whose language when the person's is not spoken, and whose time zone.
            key: the text's key; a text that is not there is its key.
            values: what its placeholders stand for.
        """
        language = _language(locale) or _language(community.locale) or LANGUAGES[-1]
        template = self._template(language, community.id, key, values)
        if template is None:
            return (key,)
        if not template.names <= values.keys():
            self._tell("text lacks values", key, ", ".join(sorted(template.names - values.keys())))
        return fill(template, values, speller(language, community.timezone))

    def _template(self, language: str, community: str, key: str, values: dict[str, Any]) -> Template | None:
        own = self._overrides.get((community, language))
        if own is not None and key in own:
            return own[key]
        entry = self._entries[language].get(key)
        if entry is None:
            self._tell("text missing", key, language)
            for language in LANGUAGES:
                if entry := self._entries[language].get(key):
                    break
            else:
                return None
        forms = entry.forms
        if len(forms) == 1:
            return forms[0]
        count = values.get("count")
        return forms[self._plurals[entry.package, language](abs(count)) if isinstance(count, int) else -1]

    def _tell(self, event: str, key: str, detail: str) -> None:
        if (key, detail) not in self._told:
            self._told.add((key, detail))
            structlog.get_logger().warning(event, key=key, detail=detail)

    def override(self, community: str, overrides: Overrides) -> None:
        """Give a community words of its own, in place of those it had.

        Args:
            community: its id.
            overrides: words in which :meth:`problems` finds nothing.

        Raises:
            TemplateError: a template cannot be read.
        """
        for language in LANGUAGES:
            self._overrides.pop((community, language), None)
            if own := overrides.get(language):
                self._overrides[community, language] = {key: compile_template(own[key]) for key in own}

    def problems(self, overrides: Overrides) -> list[TextProblem]:
        """Return what is wrong with a community's own words: unknown languages, keys and placeholders, bad braces."""
        return list(self._problems(overrides))

    def _problems(self, overrides: Overrides) -> Iterator[TextProblem]:
        for language, own in overrides.items():
            if language not in LANGUAGES:
                yield TextProblem(language, "", f"language {language!r} is not spoken; there are {_list(LANGUAGES)}")
                continue
            for key, source in own.items():
                if message := self._problem(key, source):
                    yield TextProblem(language, key, message)

    def _problem(self, key: str, source: str) -> str | None:
        allowed = self.placeholders(key)
        if allowed is None:
            near = difflib.get_close_matches(key, self.keys(), n=1)
            return f"there is no text {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")
        try:
            unknown = compile_template(source).names - allowed
        except TemplateError as error:
            return str(error)
        if not unknown:
            return None
        known = f"this text knows {_braced(allowed)}" if allowed else "this text knows no placeholders"
        return f"{_braced(unknown)} stands for nothing; {known}"

    def keys(self) -> list[str]:
        """Return the keys of all texts, sorted."""
        return sorted(set[str]().union(*self._entries.values()))

    def placeholders(self, key: str) -> frozenset[str] | None:
        """Return the names that a text may use; None when there is no such text."""
        entries = [self._entries[language][key] for language in LANGUAGES if key in self._entries[language]]
        if not entries:
            return None
        counts = frozenset(("count",)) if any(len(entry.forms) > 1 for entry in entries) else frozenset[str]()
        return counts.union(*(entry.names for entry in entries))

    def check(self) -> list[str]:
        """Return what is incomplete or inconsistent in the catalogues, a sentence each."""
        found = [fault for catalogue in self._catalogues for fault in catalogue.faults]
        for key in self.keys():
            entries = {language: self._entries[language].get(key) for language in LANGUAGES}
            there = {language: entry for language, entry in entries.items() if entry is not None}
            found += [f"{key} is missing in {language}" for language in LANGUAGES if language not in there]
            if len({entry.names | {"count"} for entry in there.values()}) > 1:
                each = "; ".join(f"{_braced(entry.names) or 'none'} in {name}" for name, entry in there.items())
                found.append(f"the placeholders of {key} differ: {each}")
        return found + self._doubles()

    def _doubles(self) -> list[str]:
        return [
            f"{key} is in {catalogue.package} and in {self._entries[catalogue.language][key].package}"
            for catalogue in self._catalogues
            for key in catalogue.entries
            if self._entries[catalogue.language][key].package != catalogue.package
        ]


def _language(locale: str | None) -> str | None:
    if not locale:
        return None
    language = locale.replace("_", "-").partition("-")[0].lower()
    return language if language in LANGUAGES else None


def _catalogues(package: str) -> Iterator[Catalogue]:
    if not _is_package(package):
        return
    for language in LANGUAGES:
        file = files(package) / "locales" / f"{language}.po"
        if file.is_file():
            yield _catalogue(package, language, file.read_bytes())


@lru_cache
def _catalogue(package: str, language: str, data: bytes) -> Catalogue:
    """Read a catalogue; one that says the same is not read twice, for reading is the longest part of a start."""
    return Catalogue(package, language, BytesIO(data))


def _is_package(name: str) -> bool:
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.submodule_search_locations is not None


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _braced(names: Iterable[str]) -> str:
    return _list(f"{{{name}}}" for name in sorted(names))
