"""Tags, join requests and removals, as Telegram does them and tells of them.

The rules are documented (Bot API: setChatMemberTag, ChatJoinRequest, banChatMember, unbanChatMember and
restrictChatMember). The refusals in words are TDLib's (DialogParticipantManager, DialogInviteLinkManager) and the
server's own (Client, fail_query_with_error); those in capitals come from behind it (messages.editChatParticipantRank,
messages.hideChatJoinRequest, channels.editBanned; tdlib/telegram-bot-api, issue 838).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiogram import methods as api
from tests.simulators.telegram.invites import NO_RIGHT, Link
from tests.simulators.telegram.rules import ApiError
from tests.simulators.telegram.world import ADMIN, HERE, RESTRICTIONS, Group, Json, User, stamp

if TYPE_CHECKING:
    from tests.simulators.telegram.people import People

LONGEST = 16
MAY_WRITE = timedelta(minutes=5)
"""How long a bot can write to who asks to be let in (Bot API, ChatJoinRequest.user_chat_id)."""

SHORTEST, LONGEST_BAN = 30, 366 * 86_400
"""Seconds; what ends sooner or later than that never ends (Bot API, banChatMember)."""

NOT_RESTRICTING = "Bad Request: not enough rights to restrict/unrestrict chat member"
AN_ADMIN = "Bad Request: user is an administrator of the chat"
THE_OWNER = "Bad Request: can't remove chat owner"
FOR_SUPERGROUPS = "Bad Request: method is available for supergroup and channel chats only"


@dataclass(frozen=True)
class Asked:
    """A join request that waits."""

    group: Group
    user: User
    at: datetime
    link: Link | None


class Keeping:
    """Who is tagged, removed and let in.

    Args:
        world: who is where.

    Attributes:
        asking: the join requests that wait, by group and person.
    """

    def __init__(self, world: People) -> None:
        self._world = world
        self.asking: dict[tuple[int, int], Asked] = {}
        self._reach: Callable[[Any], Group] = lambda _: next(iter(world.groups.values()))

    def served(self, reach: Callable[[Any], Group]) -> dict[type[Any], Callable[[Any], Any]]:
        """Return the methods that are about members.

        Args:
            reach: finds a group that the bot is in, or says that there is none.
        """
        self._reach = reach
        return {
            api.SetChatMemberTag: self._set_tag,
            api.BanChatMember: self._ban,
            api.UnbanChatMember: self._unban,
            api.RestrictChatMember: self._restrict,
            api.ApproveChatJoinRequest: lambda m: self._decide(m, admit=True),
            api.DeclineChatJoinRequest: lambda m: self._decide(m, admit=False),
        }

    def tag(self, group: Group, user: User, words: str, *, by: User | None = None) -> None:
        """Let somebody set a tag by hand, their own or another's."""
        old = group.member(user)
        if words:
            group.tags[user.id] = words
        else:
            group.tags.pop(user.id, None)
        if group.member(user) != old:
            self._world.changed(group, user, old, by or user, {})

    def ask(self, user: User, address: str = "", *, group: Group | None = None) -> None:
        """Let somebody ask to be let in: by a link, or by the name of a public group that asks for it.

        Raises:
            TurnedAwayError: the link leads nowhere, or not them.
        """
        link = self._world.links.good(user, address) if group is None else None
        assert link is None or link.asks, "a link that lets everybody in asks nobody"
        place = group or (link.group if link is not None else None)
        assert place is not None
        self.asking[place.id, user.id] = Asked(place, user, self._world.now(), link)
        if self._may(place, "can_invite_users"):  # others are not told (Bot API, Update.chat_join_request)
            found: Json = {"chat": place.json(), "from": user.json(), "user_chat_id": user.id}
            found |= {"date": stamp(self._world.now())}
            found |= {"invite_link": link.json(self._world.bot)} if link is not None else {}
            self._world.tell("chat_join_request", found)

    def restrict(self, group: Group, user: User, *, until: int = 0, **may: bool) -> None:
        """Let an admin restrict somebody by hand; what is not named they may not do."""
        group.until[user.id], group.may[user.id] = until, may
        self._world.change(group, user, "restricted", user, {})

    def may_write(self, user: User) -> bool:
        """Return whether the bot may write to somebody because they ask to be let in."""
        waits = (asked for asked in self.asking.values() if asked.user is user)
        return any(self._world.now() - asked.at < MAY_WRITE for asked in waits)

    def lapse(self, group: Group, user: User) -> None:
        """Let a ban or a restriction end whose time is over."""
        until = group.until.get(user.id, 0)
        if until and stamp(self._world.now()) >= until:
            after = {"kicked": "left", "restricted away": "left", "restricted": "member"}
            group.members[user.id] = after.get(group.members[user.id], group.members[user.id])
            del group.until[user.id]

    def _may(self, group: Group, right: str) -> bool:
        leads = group.members.get(self._world.bot.id) in ADMIN
        return leads and (group.kind == "group" or bool(group.rights.get(right)))

    def _set_tag(self, method: api.SetChatMemberTag) -> bool:
        group, tag = self._reach(method.chat_id), method.tag or ""
        if not self._may(group, "can_manage_tags"):
            raise ApiError(400, "Bad Request: CHAT_ADMIN_REQUIRED")
        user = self._user(method.user_id)
        status = group.members.get(user.id, "left")
        if status in ADMIN:
            raise ApiError(400, "Bad Request: CHAT_CREATOR_REQUIRED")
        if status not in HERE:
            raise ApiError(400, "Bad Request: USER_NOT_PARTICIPANT")
        if any(_is_emoji(char) for char in tag):
            raise ApiError(400, "Bad Request: TAG_EMOJI_NOT_ALLOWED")
        if len(tag.encode("utf-16-le")) // 2 > LONGEST or tag != tag.strip():
            raise ApiError(400, "Bad Request: TAG_INVALID")
        self.tag(group, user, tag, by=self._world.bot)
        return True

    def _user(self, number: int) -> User:
        user = self._world.users.get(number)
        if user is None:
            raise ApiError(400, "Bad Request: user not found")
        return user

    def _ban(self, method: api.BanChatMember) -> bool:
        group, user = self._reach(method.chat_id), self._user(method.user_id)
        if group.kind == "group":
            return self._take_out(group, user)
        self._check(group, user)
        self._end(group, user, method.until_date)
        self._go(group, user, "kicked")
        return True

    def _take_out(self, group: Group, user: User) -> bool:
        """Remove somebody from a group that is no supergroup, where that is all that there is."""
        status = group.members.get(user.id, "left")
        if status in ADMIN or not self._may(group, "can_restrict_members"):
            raise ApiError(400, "Bad Request: CHAT_ADMIN_REQUIRED")
        if status not in HERE:
            raise ApiError(400, "Bad Request: USER_NOT_PARTICIPANT")
        self._go(group, user, "left")
        return True

    def _go(self, group: Group, user: User, status: str) -> None:
        was = group.members.get(user.id, "left")
        if was in HERE:
            self._world.depart(group, user, status, self._world.bot)
        elif was != status:
            self._world.change(group, user, status, self._world.bot, {})

    def _check(self, group: Group, user: User) -> None:
        self.lapse(group, user)
        status = group.members.get(user.id, "left")
        if status == "creator":
            raise ApiError(400, THE_OWNER)
        if not self._may(group, "can_restrict_members"):
            raise ApiError(400, NOT_RESTRICTING)
        if status == "administrator":
            raise ApiError(400, AN_ADMIN)

    def _end(self, group: Group, user: User, until: Any) -> None:
        group.until.pop(user.id, None)
        moment = stamp(until) if isinstance(until, datetime) else int(until or 0)
        if SHORTEST <= moment - stamp(self._world.now()) <= LONGEST_BAN:
            group.until[user.id] = moment

    def _unban(self, method: api.UnbanChatMember) -> bool:
        group, user = self._reach(method.chat_id), self._user(method.user_id)
        if group.kind == "group":
            raise ApiError(400, FOR_SUPERGROUPS)
        self._check(group, user)
        if group.members.get(user.id, "left") == "kicked" or not method.only_if_banned:
            group.until.pop(user.id, None)
            self._go(group, user, "left")
        return True

    def _restrict(self, method: api.RestrictChatMember) -> bool:
        group, user = self._reach(method.chat_id), self._user(method.user_id)
        if group.kind == "group":
            raise ApiError(400, "Bad Request: method is available only for supergroups")
        self._check(group, user)
        given = method.permissions.model_dump(exclude_none=True)
        unknown = given.keys() - set(RESTRICTIONS)
        if unknown or not method.use_independent_chat_permissions:
            raise ApiError(400, f"Bad Request: can't parse permissions: {unknown or 'this simulator implies none'}")
        self._end(group, user, method.until_date)
        group.may[user.id] = given
        here = group.members.get(user.id, "left") in HERE
        self._world.change(group, user, "restricted" if here else "restricted away", self._world.bot, {})
        return True

    def _decide(self, method: Any, *, admit: bool) -> bool:
        group, user = self._reach(method.chat_id), self._user(method.user_id)
        if not self._may(group, "can_invite_users"):
            raise ApiError(400, NO_RIGHT)
        if admit and group.members.get(user.id, "left") in HERE:
            raise ApiError(400, "Bad Request: USER_ALREADY_PARTICIPANT")
        asked = self.asking.pop((group.id, user.id), None)
        if asked is None:
            raise ApiError(400, "Bad Request: HIDE_REQUESTER_MISSING")
        if admit and asked.link is not None:
            self._world.links.admit(user, asked.link, self._world.bot)
        elif admit:
            self._world.come(group, user, self._world.bot, {"via_join_request": True})
        return True


def _is_emoji(char: str) -> bool:
    """Return whether a character is an emoji or makes one; of the old symbols this knows the usual."""
    return char in "☀☕♥⚡✅✨❌❤⭐〰㊗\ufe0f\u20e3" or (
        ord(char) >= 0x1F000 and unicodedata.category(char) in ("So", "Sk")
    )
