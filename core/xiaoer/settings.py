"""Reading ``plugins.toml``: everything that is wrong in it is found at once and named with its line."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from pydantic import BaseModel, ValidationError

from xiaoer.adapter import Adapter
from xiaoer.communities import Budget, Community, Purpose
from xiaoer.errors import ConfigError, PluginError, Problem
from xiaoer.explaining import dotted, explain, found, unknown
from xiaoer.places import Path as Key
from xiaoer.places import Places
from xiaoer.plugin import Plugin
from xiaoer.secrets import KEY_VARIABLE, Secrets
from xiaoer.sections import CommunitySection, XiaoerSection
from xiaoer.units import describe

SECTIONS = ("xiaoer", "adapters", "communities")
PURPOSES: tuple[Purpose, ...] = ("main", "announce", "admins")
_ID = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")  # in capitals, because anything else may be the token itself


@dataclass(frozen=True)
class LoadedCommunity:
    """One community as the file says.

    Args:
        community: what it is.
        plugins: its plugins, in order.
        configs: the configuration of each of them.
        texts: its own words by language and key.
        left_out: plugins that it asks for and that cannot be imported.
    """

    community: Community
    plugins: tuple[str, ...]
    configs: Mapping[str, BaseModel]
    texts: Mapping[Any, Mapping[str, str]]
    left_out: tuple[str, ...] = ()

    @property
    def asked_for(self) -> tuple[str, ...]:
        """The plugins that it asks for, whether or not they are there."""
        return (*self.plugins, *self.left_out)


@dataclass(frozen=True)
class LoadedSettings:
    """Everything that the file says.

    Args:
        file: where it stands.
        xiaoer: the program's own section.
        adapters: the section of each configured adapter, by platform.
        communities: the communities, in order.
        tokens: the values of the environment variables that hold tokens, by the variable's name.
        places: the lines of its keys.
        left_out: plugins that cannot be imported, with the reason.
    """

    file: Path
    xiaoer: XiaoerSection
    adapters: Mapping[str, BaseModel]
    communities: tuple[LoadedCommunity, ...]
    tokens: Mapping[str, str] = dataclasses.field(default_factory=lambda: {}, repr=False)
    places: Places | None = None
    left_out: Mapping[str, str] = dataclasses.field(default_factory=lambda: {})

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen."""
        return tuple(self.tokens.values())

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.file.parent / self.xiaoer.database

    def problem(self, key: Key, message: str) -> Problem:
        """Return a problem with a key, for what is found wrong only later."""
        return Problem(message, dotted(key), self.places.line(key) if self.places is not None else 0)

    @property
    def plugin_names(self) -> tuple[str, ...]:
        """Every plugin that some community has, each once."""
        return tuple(dict.fromkeys(name for loaded in self.communities for name in loaded.plugins))


def load_settings(
    file: Path,
    adapters: Mapping[str, type[Adapter]],
    plugins: Mapping[str, type[Plugin[Any]]],
    environ: Mapping[str, str],
) -> LoadedSettings:
    """Read a configuration.

    Args:
        file: ``plugins.toml``.
        adapters: what is installed, by platform; a class is looked at only when the file names it.
        plugins: what is installed, by name; likewise.
        environ: the environment, for tokens.

    Raises:
        ConfigError: with everything that is wrong.
    """
    table, places = _read(file)
    reader = Reader(table, places, adapters, plugins, environ)
    settings = reader.read(file)
    if reader.problems:
        masked = Secrets([*settings.secrets, environ.get(KEY_VARIABLE, "")])
        problems = [replace(problem, message=masked.redact(problem.message)) for problem in reader.problems]
        raise ConfigError(file, sorted(problems, key=lambda problem: problem.line))
    return settings


def _read(file: Path) -> tuple[dict[str, Any], Places]:
    try:
        text = file.read_bytes().decode("utf-8-sig")  # editors on Windows begin files with a mark
    except FileNotFoundError as error:
        raise ConfigError(file, [Problem("there is no such file: write one, or name it with --config")]) from error
    except OSError as error:
        raise ConfigError(file, [Problem(f"it cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(file, [Problem("this is not UTF-8: save the file in that encoding", line=line)]) from error
    try:
        table = tomllib.loads(text)
        msgspec.json.encode(table)  # what cannot be written in decimal, as a hexadecimal number may be, ends here
        return table, Places(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(file, [_broken(error, text)]) from error
    except ValueError as error:  # Python reads no number that has more digits than sys.get_int_max_str_digits()
        raise ConfigError(file, [Problem("a number has too many digits", line=_endless(text))]) from error
    except RecursionError as error:
        raise ConfigError(file, [Problem("its lists or tables are nested too deeply")]) from error


def _endless(text: str) -> int:
    digits = re.search(r"[0-9A-Fa-f_]{1000,}", text)
    return text.count("\n", 0, digits.start()) + 1 if digits is not None else 0


def _broken(error: tomllib.TOMLDecodeError, text: str) -> Problem:
    message, _, place = str(error).partition(" (at ")
    digits = [word for word in place.replace(",", " ").split() if word.isdigit()]
    line = int(digits[0]) if digits else text.rstrip().count("\n") + 1  # it names no line at the end of the file
    return Problem(f"this is not TOML: {message}", line=line)


class Reader:
    """Reads one file and collects what is wrong in it."""

    def __init__(
        self,
        table: dict[str, Any],
        places: Places,
        adapters: Mapping[str, type[Adapter]],
        plugins: Mapping[str, type[Plugin[Any]]],
        environ: Mapping[str, str],
    ) -> None:
        self._table = table
        self._places = places
        self._adapters = adapters
        self._plugins = plugins
        self._environ = environ
        self._claims: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self._left_out: dict[str, str] = {}
        self._asked_for: set[str] = set()
        self.problems: list[Problem] = []

    def read(self, file: Path) -> LoadedSettings:
        """Read it all; what is wrong is in ``problems``, and the result is then of no use."""
        for name in self._table:
            if name not in SECTIONS:
                self._problem((name,), unknown(name, SECTIONS, "section"))
        xiaoer = self._section(("xiaoer",), XiaoerSection, self._subtable(("xiaoer",))) or XiaoerSection()
        adapters = self._read_adapters()
        communities = self._read_communities()
        self._check_required(xiaoer.required)
        return LoadedSettings(file, xiaoer, adapters, communities, self._tokens, self._places, self._left_out)

    def _problem(self, key: Key, message: str) -> None:
        problem = Problem(message, dotted(key), self._places.line(key))
        if problem not in self.problems:
            self.problems.append(problem)

    def _subtable(self, key: Key) -> dict[str, Any] | None:
        """Return a table, empty when it is not there; None, and a problem, when it is something else."""
        value: Any = self._table
        for part in key:
            value = _as_table(value).get(str(part), {})
        if isinstance(value, dict):
            return _as_table(value)
        self._problem(key, f"found {found(key, value)}; it must be a table, written [{dotted(key)}]")
        return None

    def _section(self, key: Key, model: type[BaseModel], table: Mapping[str, Any] | None) -> Any:
        if table is None:
            return None
        try:
            # as JSON, so that strict models take lists for tuples and texts for times, as TOML has them
            return model.model_validate_json(msgspec.json.encode(table))
        except ValidationError as error:
            for place, message in explain(key, model, table, error):
                self._problem(place, message)
            return None

    @cached_property
    def _zones(self) -> set[str]:
        return available_timezones()

    def _read_adapters(self) -> dict[str, BaseModel]:
        read: dict[str, BaseModel] = {}
        for name in self._subtable(("adapters",)) or ():
            key: Key = ("adapters", name)
            kind = self._class(key, name, self._adapters, "adapter")
            if kind is None:
                continue
            settings = self._section(key, kind.settings, self._subtable(key))
            if settings is not None:
                self._read_tokens(key, settings)
                read[name] = settings
        return read

    def _read_tokens(self, key: Key, settings: BaseModel) -> None:
        for field in type(settings).model_fields:
            variable = getattr(settings, field) if field.endswith("token_env") else None
            if not isinstance(variable, str):
                continue
            value = self._environ.get(variable, "")
            if value.strip():
                self._tokens[variable] = value.strip()
            elif _VARIABLE.fullmatch(variable):
                self._problem((*key, field), f"the environment variable {variable} is not set: put the token there")
            else:
                self._problem(
                    (*key, field),
                    "this must be the name of an environment variable, and the token is that variable's value: "
                    "capital letters, digits and _, for instance BOT_TOKEN",
                )

    def _class(self, key: Key, name: str, known: Mapping[str, Any], what: str) -> Any:
        if name not in known:
            self._problem(key, unknown(name, known, what))
            return None
        try:
            return known[name]
        except PluginError as error:
            self._problem(key, f"{what} {name}: {error.message}")
            return None

    def _check_required(self, names: tuple[str, ...]) -> None:
        for number, name in enumerate(names):
            key: Key = ("xiaoer", "required", number)
            if name not in self._plugins:
                self._problem(key, unknown(name, self._plugins, "plugin"))
            elif name in names[:number]:
                self._problem(key, f"plugin {name} stands here twice: drop one")
            elif name not in self._asked_for and self._asked_for <= set(self._plugins):  # or that is why
                self._problem(key, f"no community has plugin {name}: add it to plugins = [...] of one, or drop it here")

    def _read_communities(self) -> tuple[LoadedCommunity, ...]:
        table = self._subtable(("communities",))
        if table is not None and not table:
            self._problem(("communities",), "there is no community: write a section [communities.<id>]")
        read = [self._read_community(name) for name in table or ()]
        return tuple(loaded for loaded in read if loaded is not None)

    def _read_community(self, name: str) -> LoadedCommunity | None:
        key: Key = ("communities", name)
        if not _ID.fullmatch(name):
            self._problem(key, "an id is small letters, digits, - and _, at most 32, beginning with a letter")
        table = self._subtable(key)
        if table is None:
            return None
        own = {field: table[field] for field in table if field in CommunitySection.model_fields}
        others = [field for field in table if field not in own]
        section: CommunitySection | None = self._section(key, CommunitySection, own)
        plugins = section.plugins if section is not None else _strings(own.get("plugins"))
        self._asked_for.update(plugins)
        configs = self._read_plugins(key, plugins)
        for field in others:
            self._check_extra(key, field, plugins)
        if section is None:
            return None
        self._check_places(key, section)
        there = tuple(plugin for plugin in section.plugins if plugin not in self._left_out)
        out = tuple(plugin for plugin in section.plugins if plugin in self._left_out)
        return LoadedCommunity(self._community(name, section), there, configs, {**section.texts}, out)

    def _check_extra(self, key: Key, field: str, plugins: Iterable[str]) -> None:
        if field in plugins:
            return
        if field in self._plugins:
            self._problem((*key, field), f"plugin {field} is configured here, but not in plugins = [...]: add it there")
        else:
            self._problem((*key, field), unknown(field, [*CommunitySection.model_fields, *plugins], "key"))

    def _read_plugins(self, key: Key, names: Iterable[str]) -> dict[str, BaseModel]:
        configs: dict[str, BaseModel] = {}
        seen: set[str] = set()
        for number, name in enumerate(names):
            if name in seen:
                self._problem((*key, "plugins", number), f"plugin {name} stands here twice: drop one")
                continue
            seen.add(name)
            kind = self._plugin((*key, "plugins", number), name)
            if kind is None:
                continue
            try:
                config = self._section((*key, name), kind.config, self._subtable((*key, name)))
            except Exception as error:  # noqa: BLE001 - bulkhead "hook": a plugin's validators may raise anything
                self._left_out[name] = f"its configuration cannot be read: {describe(error)}"
                continue
            if config is not None:
                configs[name] = config
        return configs

    def _plugin(self, key: Key, name: str) -> type[Plugin[Any]] | None:
        """Return a plugin; one that cannot be imported is its author's fault and is left out."""
        if name not in self._plugins:
            self._problem(key, unknown(name, self._plugins, "plugin"))
            return None
        try:
            return self._plugins[name]
        except PluginError as error:
            self._left_out[name] = error.message
            return None

    def _check_places(self, key: Key, section: CommunitySection) -> None:
        if section.timezone not in self._zones:
            near = get_close_matches(section.timezone, self._zones, n=1)
            advice = f"did you mean {near[0]}?" if near else "write it like Asia/Shanghai"
            self._problem((*key, "timezone"), f"there is no time zone {section.timezone!r}: {advice}")
        for number, space in enumerate(section.spaces):
            place = (*key, "spaces", number)
            platform = space.partition(":")[0]
            if platform not in (self._subtable(("adapters",)) or ()):
                self._problem(place, f"{space} is on {platform}, which has no adapter: add [adapters.{platform}]")
            if space in section.spaces[:number]:
                self._problem(place, f"{space} stands here twice: drop one")
            self._check_id(place, space, "space")
            owner = self._claims.setdefault(space, str(key[1]))
            if owner != key[1]:
                self._problem(place, f"{space} belongs to community {owner} already: a space has one community")
        for purpose in PURPOSES:
            for number, chat in enumerate(getattr(section.chats, purpose)):
                if chat not in section.spaces and not any(chat.startswith(f"{space}/") for space in section.spaces):
                    spaces = ", ".join(section.spaces)
                    self._problem(
                        (*key, "chats", purpose, number), f"{chat} is in none of the community's spaces ({spaces})"
                    )
                else:
                    self._check_id((*key, "chats", purpose, number), chat, "chat")
        for number, owner in enumerate(section.owners):
            self._check_id((*key, "owners", number), owner, "account")
        for capability in section.grants:
            self._check_grant((*key, "grants", capability), capability, section.plugins)

    def _check_id(self, place: Key, text: str, what: Literal["space", "chat", "account"]) -> None:
        platform, _, rest = text.partition(":")
        if platform not in self._adapters:
            self._problem(place, f"{text} is on {platform}, which has no adapter: add [adapters.{platform}]")
            return
        try:
            ids = self._adapters[platform].ids
        except PluginError:
            return  # told where the adapter is configured
        if not re.fullmatch(getattr(ids, what), rest):
            example = f", for instance {ids.example}" if ids.example and what == "space" else ""
            self._problem(place, f"{text} is no {what} of {platform}{example}")

    def _check_grant(self, place: Key, capability: str, plugins: tuple[str, ...]) -> None:
        """Refuse a capability that no plugin of the community knows: the line would do nothing, and not say so."""
        there = {name: self._plugins[name] for name in plugins if name in self._plugins and name not in self._left_out}
        known = [declared for kind in there.values() for declared in kind.capabilities]
        owner = capability.partition(".")[0]
        if owner not in plugins or (owner in there and there[owner].capabilities and capability not in known):
            self._problem(place, unknown(capability, known, "capability"))

    def _community(self, name: str, section: CommunitySection) -> Community:
        chats: dict[Purpose, tuple[str, ...]] = {purpose: getattr(section.chats, purpose) for purpose in PURPOSES}
        return Community(
            id=name,
            name=section.name,
            locale=section.locale,
            timezone=ZoneInfo(section.timezone if section.timezone in self._zones else "UTC"),
            spaces=section.spaces,
            chats={purpose: places for purpose, places in chats.items() if places},
            owners=section.owners,
            grants=dict(section.grants),
            role_map=dict(section.roles),
            budget=Budget(section.posts_an_hour, section.mentions_an_hour),
        )


def _as_table(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _strings(value: Any) -> tuple[str, ...]:
    try:
        return tuple(item for item in msgspec.convert(value, list[Any]) if isinstance(item, str))
    except msgspec.ValidationError:
        return ()
