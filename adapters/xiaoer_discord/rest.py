"""The requests of Discord's REST API that the adapter makes, through discord.py, which keeps to its rate limits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import discord
from discord.http import Route

Json = dict[str, Any]

HIDDEN = 64
"""The flag of a message that one person alone sees (Discord docs, Message Flags: EPHEMERAL)."""

LOADING = 128
"""The flag of a message that was announced and says nothing yet (Discord docs, Message Flags: LOADING)."""

REMEMBERED = 10_000
"""So many private channels are remembered."""


class Rest:
    """Discord's REST API.

    Args:
        client: the bot, logged in.
    """

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._direct: OrderedDict[int, int] = OrderedDict()

    async def _ask(self, method: str, path: str, body: object = None, **places: Any) -> Any:
        route = Route(method, path, **places)
        if body is None:
            return await self._client.http.request(route)
        return await self._client.http.request(route, json=body)

    async def direct(self, user: int) -> int:
        """Return the private channel with somebody (Discord docs, Create DM)."""
        if user not in self._direct:
            channel = await self._ask("POST", "/users/@me/channels", {"recipient_id": str(user)})
            self._direct[user] = int(channel["id"])
            if len(self._direct) > REMEMBERED:
                self._direct.popitem(last=False)
        return self._direct[user]

    async def send(self, channel: int, payload: Mapping[str, Any]) -> int:
        """Post a message and return its id (Discord docs, Create Message)."""
        sent = await self._ask("POST", "/channels/{channel_id}/messages", payload, channel_id=channel)
        return int(sent["id"])

    async def edit(self, channel: int, message: int, payload: Mapping[str, Any]) -> None:
        """Change a message of ours (Discord docs, Edit Message)."""
        path = "/channels/{channel_id}/messages/{message_id}"
        await self._ask("PATCH", path, payload, channel_id=channel, message_id=message)

    async def delete(self, channel: int, message: int) -> None:
        """Delete a message (Discord docs, Delete Message)."""
        path = "/channels/{channel_id}/messages/{message_id}"
        await self._ask("DELETE", path, channel_id=channel, message_id=message)

    async def pin(self, channel: int, message: int, *, pinned: bool) -> None:
        """Pin a message or unpin it (Discord docs, Pin Message)."""
        path = "/channels/{channel_id}/messages/pins/{message_id}"
        await self._ask("PUT" if pinned else "DELETE", path, channel_id=channel, message_id=message)

    async def respond(self, name: str, token: str, kind: Literal[4, 5, 6], data: Mapping[str, Any]) -> None:
        """Answer an interaction for the first time (Discord docs, Create Interaction Response).

        Args:
            name: the interaction's id.
            token: its token.
            kind: 4 for a message, 5 for one that follows, 6 to leave everything as it is.
            data: the message, or its flags.
        """
        path = "/interactions/{webhook_id}/{webhook_token}/callback"
        body = {"type": kind, "data": data} if data else {"type": kind}
        await self._ask("POST", path, body, webhook_id=name, webhook_token=token)

    async def fill(self, token: str, payload: Mapping[str, Any]) -> None:
        """Say what was announced (Discord docs, Edit Original Interaction Response)."""
        await self._webhook("PATCH", "/messages/@original", token, payload)

    async def flags_of_original(self, token: str) -> int:
        """Return the flags of what answered first (Discord docs, Get Original Interaction Response)."""
        found = await self._webhook("GET", "/messages/@original", token)
        return int(found.get("flags", 0))

    async def take_back(self, token: str) -> None:
        """Take away what was announced (Discord docs, Delete Original Interaction Response)."""
        await self._webhook("DELETE", "/messages/@original", token)

    async def follow_up(self, token: str, payload: Mapping[str, Any]) -> None:
        """Say something more (Discord docs, Create Followup Message)."""
        await self._webhook("POST", "", token, payload)

    async def _webhook(self, method: str, path: str, token: str, body: object = None) -> Any:
        path = f"/webhooks/{{webhook_id}}/{{webhook_token}}{path}"
        return await self._ask(method, path, body, webhook_id=self._client.application_id, webhook_token=token)

    async def set_commands(self, guild: int, commands: Sequence[Json]) -> None:
        """Replace the commands of a guild (Discord docs, Bulk Overwrite Guild Application Commands)."""
        path = "/applications/{application_id}/guilds/{guild_id}/commands"
        await self._ask("PUT", path, list(commands), application_id=self._client.application_id, guild_id=guild)
