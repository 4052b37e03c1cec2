"""The requests of Discord's REST API that the adapter makes, through discord.py, which keeps to its rate limits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import discord
import structlog
from discord.http import Route

from xiaoer_discord.attachments import Shown, form
from xiaoer_discord.faults import NO_FILES, has_code
from xiaoer_discord.render import Rendered

Json = dict[str, Any]

HIDDEN = 64
"""The flag of a message that one person alone sees (Discord docs, Message Flags: EPHEMERAL)."""

LOADING = 128
"""The flag of a message that was announced and says nothing yet (Discord docs, Message Flags: LOADING)."""

REMEMBERED = 10_000
"""So many private channels are remembered."""


HOOK = "/webhooks/{webhook_id}/{webhook_token}"
CALLBACK = "/interactions/{webhook_id}/{webhook_token}/callback"


class Rest:
    """Discord's REST API.

    Args:
        client: the bot, logged in.
    """

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._direct: OrderedDict[int, int] = OrderedDict()
        self._shown = Shown()

    async def _ask(self, method: str, path: str, body: object = None, **places: Any) -> Any:
        route = Route(method, path, **places)
        if body is None:
            return await self._client.http.request(route)
        return await self._client.http.request(route, json=body)

    async def _show(self, method: str, path: str, rendered: Rendered, more: Json, **places: Any) -> Any:
        """Post or change a message; without its picture or file where that may not be sent.

        Args:
            method: of HTTP.
            path: the route.
            rendered: what the message says.
            more: its other fields; with ``type`` it is the answer to an interaction, which has the message inside.
            places: what stands in the route.
        """
        if rendered.upload is not None:
            parts, file = form(_body(rendered, more), rendered.upload)
            try:
                return await self._client.http.request(Route(method, path, **places), form=parts, files=[file])
            except discord.HTTPException as error:
                if not has_code(error, *NO_FILES):
                    raise
                refusal = error
            answer = await self._ask(method, path, _body(rendered.bare(), more), **places)
            structlog.get_logger().warning("discord does not take the picture", reason=refusal.text)
            return answer
        return await self._ask(method, path, _body(rendered, more), **places)

    async def direct(self, user: int) -> int:
        """Return the private channel with somebody (Discord docs, Create DM)."""
        if user not in self._direct:
            channel = await self._ask("POST", "/users/@me/channels", {"recipient_id": str(user)})
            self._direct[user] = int(channel["id"])
            if len(self._direct) > REMEMBERED:
                self._direct.popitem(last=False)
        return self._direct[user]

    async def send(self, channel: int, rendered: Rendered, more: Json) -> int:
        """Post a message with some other fields and return its id (Discord docs, Create Message).

        With ``enforce_nonce`` Discord answers with what it was told the first time.
        """
        sent = await self._show("POST", "/channels/{channel_id}/messages", rendered, more, channel_id=channel)
        if not rendered.stands_in(sent):  # a try that seemed lost has posted it, as it should look then
            await self.edit(channel, int(sent["id"]), rendered)
        elif rendered.upload is not None:
            self._shown.learn(int(sent["id"]), rendered.upload, sent)
        return int(sent["id"])

    async def edit(self, channel: int, message: int, rendered: Rendered) -> None:
        """Change a message of ours (Discord docs, Edit Message): its attachments are those that are named then."""
        path = "/channels/{channel_id}/messages/{message_id}"
        places = {"channel_id": channel, "message_id": message}
        upload = rendered.upload
        kept = self._shown.find(message, upload)
        if kept is not None:
            more: Json = {"attachments": [{"id": kept}]}
            sent = await self._ask("PATCH", path, rendered.payload() | more, **places)
        else:
            sent = await self._show("PATCH", path, rendered, {"attachments": []}, **places)
        if upload is not None:
            self._shown.learn(message, upload, sent)

    async def message(self, channel: int, message: int) -> Any:
        """Return a message as it stands (Discord docs, Get Channel Message)."""
        path = "/channels/{channel_id}/messages/{message_id}"
        return await self._ask("GET", path, channel_id=channel, message_id=message)

    async def delete(self, channel: int, message: int) -> None:
        """Delete a message (Discord docs, Delete Message)."""
        path = "/channels/{channel_id}/messages/{message_id}"
        await self._ask("DELETE", path, channel_id=channel, message_id=message)

    async def pin(self, channel: int, message: int, *, pinned: bool) -> None:
        """Pin a message or unpin it (Discord docs, Pin Message)."""
        path = "/channels/{channel_id}/messages/pins/{message_id}"
        await self._ask("PUT" if pinned else "DELETE", path, channel_id=channel, message_id=message)

    async def announce(self, name: str, token: str, kind: Literal[5, 6], data: Mapping[str, Any]) -> None:
        """Answer an interaction for the first time, without words (Discord docs, Create Interaction Response).

        Args:
            name: the interaction's id.
            token: its token.
            kind: 5 for a message that follows, 6 to leave everything as it is.
            data: the flags of the message.
        """
        body = {"type": kind, "data": data} if data else {"type": kind}
        await self._ask("POST", CALLBACK, body, webhook_id=name, webhook_token=token)

    async def respond(self, name: str, token: str, rendered: Rendered, more: Json) -> None:
        """Answer an interaction for the first time with a message (Discord docs, Create Interaction Response)."""
        await self._show("POST", CALLBACK, rendered, {"type": 4, **more}, webhook_id=name, webhook_token=token)

    async def fill(self, token: str, rendered: Rendered) -> None:
        """Say what was announced (Discord docs, Edit Original Interaction Response)."""
        await self._show("PATCH", f"{HOOK}/messages/@original", rendered, {}, **self._hook(token))

    async def flags_of_original(self, token: str) -> int:
        """Return the flags of what answered first (Discord docs, Get Original Interaction Response)."""
        found = await self._ask("GET", f"{HOOK}/messages/@original", **self._hook(token))
        return int(found.get("flags", 0))

    async def take_back(self, token: str) -> None:
        """Take away what was announced (Discord docs, Delete Original Interaction Response)."""
        await self._ask("DELETE", f"{HOOK}/messages/@original", **self._hook(token))

    async def follow_up(self, token: str, rendered: Rendered, more: Json) -> None:
        """Say something more (Discord docs, Create Followup Message)."""
        await self._show("POST", HOOK, rendered, more, **self._hook(token))

    def _hook(self, token: str) -> Json:
        return {"webhook_id": self._client.application_id, "webhook_token": token}

    async def set_commands(self, guild: int, commands: Sequence[Json]) -> None:
        """Replace the commands of a guild (Discord docs, Bulk Overwrite Guild Application Commands)."""
        path = "/applications/{application_id}/guilds/{guild_id}/commands"
        await self._ask("PUT", path, list(commands), application_id=self._client.application_id, guild_id=guild)


def _body(rendered: Rendered, more: Json) -> Json:
    if "type" not in more:
        return rendered.payload() | more
    inside = {name: value for name, value in more.items() if name != "type"}
    return {"type": more["type"], "data": rendered.payload() | inside}
