"""How discord.py describes what Discord sends: its ``TypedDict``s, by gateway event.

Its modules import each other in a circle, which only type checkers can follow; a stand-in breaks it.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any


def _import(name: str) -> Any:
    return importlib.import_module(f"discord.types.{name}")


def _load() -> None:
    name = "discord.types.message"
    if name not in sys.modules:
        stand_in = ModuleType(name)
        vars(stand_in).update(Message=Any, Attachment=Any, PartialMessage=Any, ReactionType=Any)
        sys.modules[name] = stand_in
        circle = [_import("threads"), _import("interactions")]
        del sys.modules[name]
        message = _import("message")
        for module in circle:  # annotations are read later, by these names
            module.Message, module.Attachment = message.Message, message.Attachment
    poll = _import("poll")
    poll.User, poll.PartialEmoji = _import("user").User, _import("emoji").PartialEmoji


if TYPE_CHECKING:
    from discord.types import components, embed, gateway, poll
else:
    _load()
    components, embed, gateway, poll = map(_import, ("components", "embed", "gateway", "poll"))

__all__ = ["EVENTS", "components", "embed", "poll"]

EVENTS: dict[str, Any] = {
    "READY": gateway.ReadyEvent,
    "GUILD_CREATE": gateway.GuildCreateEvent,
    "GUILD_DELETE": gateway.GuildDeleteEvent,
    "GUILD_ROLE_CREATE": gateway.GuildRoleCreateEvent,
    "GUILD_ROLE_UPDATE": gateway.GuildRoleUpdateEvent,
    "GUILD_ROLE_DELETE": gateway.GuildRoleDeleteEvent,
    "GUILD_MEMBER_ADD": gateway.GuildMemberAddEvent,
    "GUILD_MEMBER_REMOVE": gateway.GuildMemberRemoveEvent,
    "GUILD_MEMBER_UPDATE": gateway.GuildMemberUpdateEvent,
    "GUILD_MEMBERS_CHUNK": gateway.GuildMembersChunkEvent,
    "CHANNEL_CREATE": gateway.ChannelCreateEvent,
    "CHANNEL_UPDATE": gateway.ChannelUpdateEvent,
    "CHANNEL_PINS_UPDATE": gateway.ChannelPinsUpdateEvent,
    "THREAD_CREATE": gateway.ThreadCreateEvent,
    "MESSAGE_CREATE": gateway.MessageCreateEvent,
    "MESSAGE_UPDATE": gateway.MessageUpdateEvent,
    "MESSAGE_DELETE": gateway.MessageDeleteEvent,
    "MESSAGE_REACTION_ADD": gateway.MessageReactionAddEvent,
    "MESSAGE_REACTION_REMOVE": gateway.MessageReactionRemoveEvent,
    "INVITE_CREATE": gateway.InviteCreateEvent,
    "INVITE_DELETE": gateway.InviteDeleteEvent,
    "INTERACTION_CREATE": gateway.InteractionCreateEvent,
}
"""Every event that the simulator makes by itself."""
