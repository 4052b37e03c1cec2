"""Invite links of groups, as Telegram keeps them and lets people in by them.

The rules are documented (Bot API, ChatInviteLink and createChatInviteLink); the refusals' wording is TDLib's
(DialogInviteLinkManager) and, in capitals, the servers' own (messages.editExportedChatInvite).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from aiogram import methods as api
from tests.simulators.telegram.rules import ApiError
from tests.simulators.telegram.world import ADMIN, Group, Json, User, stamp

if TYPE_CHECKING:
    from tests.simulators.telegram.people import People

MOST = 99_999
NAME = 32
NO_RIGHT = "Bad Request: not enough rights to manage chat invite link"
GONE = "Bad Request: INVITE_HASH_EXPIRED"


class TurnedAwayError(Exception):
    """What Telegram's client says to somebody whom a link does not let in."""


@dataclass(eq=False)
class Link:
    """An invite link.

    Args:
        address: what people click on.
        group: where it leads.
        creator: the admin who made it.
        asks: whether an admin has to let each person in.
        joined: who came in by it and is still there, which is what the limit counts.
    """

    address: str
    group: Group
    creator: User
    name: str = ""
    expires: int = 0
    limit: int = 0
    asks: bool = False
    primary: bool = False
    revoked: bool = False
    joined: set[int] = field(default_factory=lambda: set())

    def json(self, reader: User) -> Json:
        """Return it as Bot API, ChatInviteLink: of links that others made the end is hidden."""
        mine = self.creator is reader
        found: Json = {
            "invite_link": self.address if mine else f"{self.address[:21]}...",
            "creator": self.creator.json(),
            "creates_join_request": self.asks,
            "is_primary": self.primary,
            "is_revoked": self.revoked,
        }
        found |= {"name": self.name} if self.name else {}
        found |= {"expire_date": self.expires} if self.expires else {}
        return found | ({"member_limit": self.limit} if self.limit else {})


class Links:
    """The links of all groups.

    Args:
        world: who is where.
    """

    def __init__(self, world: People) -> None:
        self._world = world
        self._numbers = count(1)
        self.made: list[Link] = []
        self._reach: Callable[[Any], Group] = lambda _: next(iter(world.groups.values()))

    def served(self, reach: Callable[[Any], Group]) -> dict[type[Any], Callable[[Any], Any]]:
        """Return the methods that are about links.

        Args:
            reach: finds a group that the bot is in, or says that there is none.
        """
        self._reach = reach
        return {
            api.CreateChatInviteLink: self._create,
            api.EditChatInviteLink: self._edit,
            api.RevokeChatInviteLink: self._revoke,
            api.ExportChatInviteLink: self._export,
        }

    def make(self, group: Group, creator: User, **fields: Any) -> Link:
        """Return a new link that an admin made."""
        link = Link(f"https://t.me/+Link{next(self._numbers):012}", group, creator, **fields)
        self.made.append(link)
        return link

    def enter(self, user: User, address: str, *, let_in_by: User | None = None) -> None:
        """Let somebody come in by a link.

        Raises:
            TurnedAwayError: it lets nobody in, or nobody any more.
        """
        link = self.good(user, address)
        there = {number for number in link.joined if link.group.members.get(number) not in ("left", "kicked")}
        if link.limit and len(there) >= link.limit:
            raise TurnedAwayError("This invite link has expired.")
        if link.asks and let_in_by is None:
            raise TurnedAwayError("An admin has to let you in.")
        link.joined = there
        self.admit(user, link, let_in_by or user)

    def admit(self, user: User, link: Link, actor: User) -> None:
        """Let somebody come in whom a link or an admin lets in."""
        link.joined.add(user.id)
        extra: Json = {"invite_link": link.json(self._world.bot)}
        if link.asks:
            extra["via_join_request"] = True
        self._world.come(link.group, user, actor, extra)

    def good(self, user: User, address: str) -> Link:
        """Return a link that somebody clicks on.

        Raises:
            TurnedAwayError: it leads nowhere any more, or not them.
        """
        link = next((one for one in self.made if one.address == address), None)
        if link is None or link.revoked or (link.expires and stamp(self._world.now()) >= link.expires):
            raise TurnedAwayError("This invite link has expired.")
        self._world.keeping.lapse(link.group, user)
        if link.group.members.get(user.id) == "kicked":
            raise TurnedAwayError("You have been banned from this group.")
        return link

    def _place(self, chat: Any) -> Group:
        group = self._reach(chat)
        leads = group.members.get(self._world.bot.id) in ADMIN
        if not leads or (group.kind == "supergroup" and not group.rights.get("can_invite_users")):
            raise ApiError(400, NO_RIGHT)
        return group

    def _create(self, method: api.CreateChatInviteLink) -> Json:
        self._check_limit(method)
        group = self._place(method.chat_id)
        link = self.make(group, self._world.bot)
        self._set(link, method)
        return link.json(self._world.bot)

    def _check_limit(self, method: api.CreateChatInviteLink | api.EditChatInviteLink) -> None:
        if method.member_limit and method.creates_join_request:
            words = "member limit can't be specified for links requiring administrator approval"
            raise ApiError(400, f"Bad Request: {words}")
        if not 0 <= (method.member_limit or 0) <= MOST:
            raise ApiError(400, "Bad Request: USAGE_LIMIT_INVALID")
        if method.expire_date and _moment(method.expire_date) <= stamp(self._world.now()):
            raise ApiError(400, "Bad Request: EXPIRE_DATE_INVALID")

    def _set(self, link: Link, method: api.CreateChatInviteLink | api.EditChatInviteLink) -> None:
        link.name = " ".join((method.name or "").split())[:NAME]
        link.expires = _moment(method.expire_date) if method.expire_date else 0
        link.limit, link.asks = method.member_limit or 0, bool(method.creates_join_request)

    def _mine(self, method: api.EditChatInviteLink | api.RevokeChatInviteLink) -> Link:
        if not method.invite_link:
            raise ApiError(400, "Bad Request: invite link must be non-empty")
        group = self._place(method.chat_id)
        for link in self.made:
            if link.group is group and link.address == method.invite_link and not link.revoked:
                return link
        raise ApiError(400, GONE)

    def _edit(self, method: api.EditChatInviteLink) -> Json:
        self._check_limit(method)
        link = self._mine(method)
        self._set(link, method)
        return link.json(self._world.bot)

    def _revoke(self, method: api.RevokeChatInviteLink) -> Json:
        link = self._mine(method)
        link.revoked = True
        if link.primary:  # a new one is generated automatically (Bot API, revokeChatInviteLink)
            self.make(link.group, link.creator, primary=True)
        return link.json(self._world.bot)

    def _export(self, method: api.ExportChatInviteLink) -> str:
        group = self._place(method.chat_id)
        for link in self.made:
            if link.group is group and link.primary and link.creator is self._world.bot:
                link.revoked = True
        return self.make(group, self._world.bot, primary=True).address


def _moment(told: Any) -> int:
    return stamp(told) if isinstance(told, datetime) else int(told)
