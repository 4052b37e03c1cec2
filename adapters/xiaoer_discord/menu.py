"""The commands that Discord shows in a guild, set when they have changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping

import discord
import msgspec

from xiaoer import CommandForm, Community, Parameter
from xiaoer_discord.rest import Json

DESCRIPTION = 100
"""Characters of a description (Discord docs, Application Command Object)."""

MOST = 25
"""Commands below one, options of one, and choices of an option (Discord docs, Application Command Object)."""

TITLE = 32
"""Characters of a name (Discord docs, Application Command Object)."""

IN_MENUS = 15
"""Commands in the menus of messages (Discord docs, Registering a Command)."""

WIDEST = 2**53
"""Numbers up to this size can be typed (Discord docs, Application Command Option Type: INTEGER)."""

LOCALES: Mapping[str, tuple[str, ...]] = {"zh": ("zh-CN", "zh-TW"), "en": ("en-US", "en-GB")}
"""Discord's languages for ours (Discord docs, Locales)."""

ADMINISTRATOR = "8"

Describe = Callable[[str | None, str], str]
"""Returns a text (its key) in a language, or in the community's own for None."""


def commands(forms: Iterable[CommandForm], community: Community, describe: Describe) -> list[Json]:
    """Return a guild's commands as Discord takes them.

    Args:
        forms: the community's commands.
        community: whose.
        describe: finds words.
    """
    trees: dict[str, list[CommandForm]] = {}
    listed = list(forms)
    for form in listed:
        trees.setdefault(form.path[0], []).append(form)
    typed = [_tree(name, found, community, describe) for name, found in trees.items()]
    return typed + _in_menus([form for form in listed if form.on_message], community, describe)


def _in_menus(forms: list[CommandForm], community: Community, describe: Describe) -> list[Json]:
    """Return the commands in the menus of messages.

    They are named by their paths, which come back when one is used, and shown by their titles in every language of
    Discord; a title that another command has in that language already is left out.
    """
    found: list[Json] = []
    taken: set[tuple[str, str]] = set()
    ours = {code: language for language, codes in LOCALES.items() for code in codes}
    for form in forms[:IN_MENUS]:
        path = " ".join(form.path)
        titles = {one.value: _cut(describe(ours.get(one.value), form.title), TITLE) for one in discord.Locale}
        shown = {code: title for code, title in titles.items() if (code, title) not in taken}
        taken.update(shown.items())
        found.append({"type": 3, "name": path, "name_localizations": shown})
        if _for_admins_only([form], community):
            found[-1]["default_member_permissions"] = ADMINISTRATOR
    return found


def _tree(name: str, forms: list[CommandForm], community: Community, describe: Describe) -> Json:
    first = next((form for form in forms if form.default), forms[0])
    found: Json = {"type": 1, "name": name, **_described(first.summary, describe)}
    if _for_admins_only(forms, community):
        found["default_member_permissions"] = ADMINISTRATOR
    if len(first.path) == 1:
        return found | {"options": _options(first)}
    below = [
        {"type": 1, "name": form.path[1], **_described(form.summary, describe), "options": _options(form)}
        for form in forms[:MOST]
    ]
    return found | {"options": below}


def _for_admins_only(forms: list[CommandForm], community: Community) -> bool:
    """Return whether only administrators of the guild could use any of these.

    Discord refuses hidden commands to everybody else, so nothing is hidden where an owner is named or a role of the
    guild gives the right.
    """
    if any(owner.startswith("discord:") for owner in community.owners):
        return False
    roles = [form.role for form in forms]
    own = {"discord:owner", "discord:administrator"}
    named = {role for name, role in community.role_map.items() if name.startswith("discord:") and name not in own}
    if "secretary" in roles:
        return set(roles) <= {"owner", "secretary"} and not named & {"owner", "secretary"}
    return set(roles) == {"owner"} and "owner" not in named


def _described(key: str, describe: Describe) -> Json:
    localized = {code: _short(describe(ours, key)) for ours, codes in LOCALES.items() for code in codes}
    return {"description": _short(describe(None, key)), "description_localizations": localized}


def _short(text: str) -> str:
    return _cut(text, DESCRIPTION)


def _cut(text: str, limit: int) -> str:
    text = " ".join(text.split()) or "…"
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _options(form: CommandForm) -> list[Json]:
    ordered = sorted(form.parameters, key=lambda parameter: not parameter.required)  # required ones must come first
    return [_option(parameter) for parameter in ordered[:MOST]]


def _option(parameter: Parameter) -> Json:
    found: Json = {"name": parameter.name, "description": _short(parameter.written), "required": parameter.required}
    match parameter.kind:
        case "number":
            limits = parameter.range
            low, high = (limits.low, limits.high) if limits is not None else (-WIDEST, WIDEST)
            return found | {"type": 4, "min_value": max(low, -WIDEST), "max_value": min(high, WIDEST)}
        case "yes_no":
            return found | {"type": 5}
        case "choice" if len(parameter.choices) <= MOST:
            return found | {"type": 3, "choices": [{"name": word, "value": word} for word in parameter.choices]}
        case "choice" | "word":
            return found | {"type": 3, "max_length": 200}
        case "rest":
            return found | {"type": 3, "max_length": 4000}


def digest(found: list[Json]) -> str:
    """Return what changes when the commands do."""
    return hashlib.sha256(msgspec.json.encode(found)).hexdigest()
