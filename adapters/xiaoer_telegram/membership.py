"""Who came, in which way, who asks to come, who left, and whose tag was changed: pure functions."""

from __future__ import annotations

from datetime import datetime

from xiaoer import AnyEvent, BadgesChanged, JoinRequested, JoinSource, MemberJoined, MemberLeft, Who
from xiaoer_telegram.admins import ADMINS
from xiaoer_telegram.updates import Chat, ChatJoinRequest, ChatMemberUpdated, InviteLink, Member, Message, User
from xiaoer_telegram.view import Place, View, actor_of, who_is

PRESENT = frozenset({"creator", "administrator", "member"})


def is_there(status: str, is_member: bool | None) -> bool:
    """Return whether somebody with this status is in the chat; restricted ones may or may not be."""
    return status in PRESENT or bool(is_member)


def changed(change: ChatMemberUpdated, key: str, view: View) -> list[AnyEvent]:
    """Return what a change of somebody's status tells, which a bot hears that is an admin."""
    was, now = (
        is_there(member.status, getattr(member, "is_member", None))
        for member in (change.old_chat_member, change.new_chat_member)
    )
    place = view.place(change.chat, None)
    if place is None or not (was or now):
        return []
    who = who_is(change.new_chat_member.user, view.role(place.space, change.new_chat_member.user.id))
    if was and now:
        told = BadgesChanged(key=key, at=change.date, space=place.space, who=who)
        return [told] if _is_retagged(change, view) else []
    if now:
        source = source_of(change, view.bot, place.space)
        return [MemberJoined(key=key, at=change.date, space=place.space, chat=place.chat, who=who, source=source)]
    return [_left(key, change.date, place, who, change.from_user)]


def _is_retagged(change: ChatMemberUpdated, view: View) -> bool:
    """Return whether somebody else changed a tag, or somebody can have one again because they are no admin any more."""
    old, new = change.old_chat_member, change.new_chat_member
    return change.from_user.id != view.bot and (old.tag != new.tag or (_leads(old) and not _leads(new)))


def _leads(member: Member) -> bool:
    return member.status in ADMINS


def asked(request: ChatJoinRequest, key: str, view: View) -> list[AnyEvent]:
    """Return what a join request tells, which a bot hears that may invite people."""
    place = view.place(request.chat, None)
    if place is None:
        return []
    link = request.invite_link
    source = _by_link(link, view.bot) if link is not None else _by_name(request.chat)
    handle = f"{request.user_chat_id}/{key}"
    who = who_is(request.from_user, "")
    return [JoinRequested(key=key, at=request.date, space=place.space, who=who, handle=handle, source=source)]


def source_of(change: ChatMemberUpdated, bot: int, space: str) -> JoinSource:
    """Return how somebody came in (Bot API, ChatMemberUpdated): who acted, else the link that was used.

    Args:
        change: the update; its ``invite_link`` may be absent even when one was used.
        bot: the bot's own id; links that it made are brought by nobody yet.
        space: the group.
    """
    actor, newcomer, link = change.from_user, change.new_chat_member.user, change.invite_link
    if link is not None:
        return _by_link(link, bot)
    if change.via_chat_folder_invite_link:
        return JoinSource("public_link", "exact")
    if actor.id != newcomer.id and not change.via_join_request:
        return _pulled_in(actor, space)
    return _by_name(change.chat)


def _by_link(link: InviteLink, bot: int) -> JoinSource:
    if link.is_primary:
        return JoinSource("public_link", "exact", invite=link.invite_link)
    by = None if link.creator.id == bot else f"telegram:{link.creator.id}"
    return JoinSource("referral", "exact", by=by, invite=link.invite_link)


def _by_name(chat: Chat) -> JoinSource:
    """Return how somebody came who used no link: a public group can be entered by its name."""
    return JoinSource("public_link", "inferred") if chat.username else JoinSource()


def _left(key: str, at: datetime, place: Place, who: Who, actor: User | None) -> MemberLeft:
    by = actor_of(actor, place.space) if actor is not None and f"telegram:{actor.id}" != who.account else None
    return MemberLeft(key=key, at=at, space=place.space, chat=place.chat, who=who, by=by)


def announced(message: Message, key: str, view: View) -> list[AnyEvent]:
    """Return what a service message about members tells, which is all that a bot hears that is no admin."""
    place = view.place(message.chat, None)
    if place is None or view.administers(place.space):
        return []
    actor = message.from_user
    if message.left_chat_member is not None:
        return [_left(key, message.date, place, who_is(message.left_chat_member, ""), actor)]
    newcomers = message.new_chat_members or ([actor] if actor is not None else [])
    return [
        MemberJoined(
            key=f"{key}:{user.id}",
            at=message.date,
            space=place.space,
            chat=place.chat,
            who=who_is(user, ""),
            source=_pulled_in(actor, place.space) if actor is not None and actor.id != user.id else JoinSource(),
        )
        for user in newcomers
    ]


def _pulled_in(actor: User, space: str) -> JoinSource:
    return JoinSource("pulled_in", "exact", by=actor_of(actor, space))
