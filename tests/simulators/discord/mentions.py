"""Who is pinged by a message (Discord docs, Allowed Mentions)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.simulators.discord.world import Json, Message, P, Role, User, allowed

DEFAULT: Json = {"parse": ["users", "roles", "everyone"], "replied_user": True}
"""What counts when nothing is said of it."""


def mention(message: Message, users: Mapping[int, User], allow: Json | None) -> None:
    """Note on a message who is pinged by what it says.

    Args:
        message: it; code blocks are not told apart.
        users: everybody.
        allow: ``allowed_mentions`` of the request; without it everything in the text counts.
    """
    rules = DEFAULT if allow is None else allow
    parse, text, guild = rules.get("parse") or [], message.content, message.channel.guild
    named = [users[number] for number in _ids(r"<@!?(\d+)>", text) if number in users]
    message.mentioned_users = [user for user in named if "users" in parse or _listed(rules, "users", user.id)]
    answered = message.reply_to
    if answered is not None and rules.get("replied_user", False) and answered.author not in message.mentioned_users:
        message.mentioned_users.append(answered.author)
    roles: dict[int, Role] = {role.id: role for role in guild.roles} if guild is not None else {}
    wanted = [roles[number] for number in _ids(r"<@&(\d+)>", text) if number in roles]
    may = guild is not None and bool(allowed(message.author, guild, message.channel) & P.MENTION_EVERYONE)
    pinged = [role for role in wanted if "roles" in parse or _listed(rules, "roles", role.id)]
    message.mentioned_roles = pinged if may else []
    message.mentioned_everyone = may and "everyone" in parse and bool(re.search(r"@(everyone|here)\b", text))


def _ids(pattern: str, text: str) -> list[int]:
    return list(dict.fromkeys(int(found) for found in re.findall(pattern, text)))


def _listed(rules: Json, kind: str, number: int) -> bool:
    return str(number) in {str(one) for one in rules.get(kind) or ()}
