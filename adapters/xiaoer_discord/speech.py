"""What the bot does on Discord: each request as one or two calls of the REST API."""

from __future__ import annotations

from xiaoer import (
    Answer,
    Decide,
    Delete,
    Edit,
    Fetch,
    Gate,
    Hopeless,
    Invite,
    NotPrivately,
    Pin,
    Receipt,
    Remove,
    Request,
    Revoke,
    Send,
    Wear,
)
from xiaoer_discord.downloads import Downloads
from xiaoer_discord.faults import FAILURES, NO_REPLY, UNKNOWN_MESSAGE, fault, has_code
from xiaoer_discord.guilds import Guilds
from xiaoer_discord.interactions import Interactions
from xiaoer_discord.invites import Invites
from xiaoer_discord.members import Members
from xiaoer_discord.render import Rendered, nonce, render
from xiaoer_discord.rest import Rest


class Speech:
    """Performs requests.

    Args:
        rest: reaches Discord.
        guilds: what is known of them.
        interactions: answers commands and pressed buttons.
        invites: makes and revokes them.
        downloads: fetches files.
        members: keeps the members of servers.
    """

    def __init__(
        self,
        rest: Rest,
        guilds: Guilds,
        interactions: Interactions,
        invites: Invites,
        downloads: Downloads,
        members: Members,
    ) -> None:
        self._rest = rest
        self._guilds = guilds
        self._interactions = interactions
        self._invites = invites
        self._downloads = downloads
        self._members = members

    async def perform(self, request: Request) -> Receipt:
        """Do what is asked.

        Raises:
            DeliveryError: Discord did not do it.
        """
        try:
            return await self._perform(request)
        except FAILURES as error:
            raise fault(error) from error

    async def _perform(self, request: Request) -> Receipt:
        match request:
            case Send():
                rendered = render(request.content)
                if request.only_to is not None:
                    return await self._privately(request.id, request.only_to, rendered)
                return await self._post(request.id, self._channel(request.chat), rendered, request.reply_to)
            case Edit():
                channel, message = self._place(request.chat, request.message)
                await self._rest.edit(channel, message, render(request.content))
            case Delete():
                await self._delete(*self._place(request.chat, request.message))
            case Pin():
                channel, message = self._place(request.chat, request.message)
                await self._rest.pin(channel, message, pinned=request.pinned)
            case Answer():
                return await self._answer(request)
            case Invite():
                return await self._invites.make(request)
            case Revoke():
                await self._invites.revoke(request)
            case Fetch():
                return await self._downloads.fetch(request)
            case Wear() | Gate() | Remove():
                await self._members.perform(request)
            case Decide():
                raise Hopeless("Discord lets no bot decide who comes in")
        return Receipt()

    def _channel(self, chat: str) -> int:
        space, _, channel = chat.partition("/")
        return int(channel) if channel else self._guilds.front_door(space)

    def _place(self, chat: str, message: str) -> tuple[int, int]:
        """Return the channel and the id of a message; one in a private chat has the channel behind its id."""
        name, _, channel = message.partition("@")
        return (int(channel) if channel else self._channel(chat)), int(name)

    async def _post(self, name: str, channel: int, rendered: Rendered, reply_to: str | None) -> Receipt:
        once = {"nonce": nonce(name), "enforce_nonce": True}
        if reply_to is None or not reply_to.isdigit():
            return Receipt(str(await self._rest.send(channel, rendered, once)))
        reference = {"message_id": reply_to, "fail_if_not_exists": False}
        try:
            return Receipt(str(await self._rest.send(channel, rendered, once | {"message_reference": reference})))
        except FAILURES as error:
            if not has_code(error, NO_REPLY):
                raise
        return Receipt(str(await self._rest.send(channel, rendered, once)))

    async def _privately(self, name: str, account: str, rendered: Rendered) -> Receipt:
        platform, _, user = account.partition(":")
        if platform != "discord":
            raise NotPrivately(f"{account} is nobody on Discord")
        channel = await self._rest.direct(int(user))
        receipt = await self._post(name, channel, rendered, None)
        return receipt._replace(message=f"{receipt.message}@{channel}")

    async def _delete(self, channel: int, message: int) -> None:
        try:
            await self._rest.delete(channel, message)
        except FAILURES as error:
            if not has_code(error, UNKNOWN_MESSAGE):
                raise

    async def _answer(self, request: Answer) -> Receipt:
        rendered = render(request.content)
        if await self._interactions.answer(request, rendered):
            return Receipt()
        if request.private:  # too late for Discord, not for the person
            return await self._privately(request.id, request.to, rendered)
        return await self._post(request.id, self._channel(request.chat), rendered, None)
