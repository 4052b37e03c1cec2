"""From actions to requests: what a platform is asked for, and what is done where it cannot do that."""

from __future__ import annotations

import random

import msgspec

from xiaoer.actions import (
    AnswerPerson,
    AnyAction,
    CreateInvite,
    DecideJoin,
    DeleteMessage,
    GateChat,
    KeepFile,
    MemberAction,
    RemoveMember,
    RevokeInvite,
    SendMessage,
    ShowMessage,
    WearBadges,
)
from xiaoer.adapter import (
    Adapter,
    Answer,
    Capability,
    Decide,
    Delete,
    Edit,
    Fetch,
    Gate,
    Invite,
    Pin,
    Remove,
    Request,
    Revoke,
    Send,
    Wear,
)
from xiaoer.errors import DeliveryError, Hopeless, NotPrivately, TryLater
from xiaoer.outbox import Shown

FIRST_RETRY = 1.0
LAST_RETRY = 300.0
"""Seconds between tries: doubled each time from the first to the last, less up to a half at random."""


LACKS: dict[type[MemberAction], tuple[Capability, str]] = {
    WearBadges: ("badge", "has no badges"),
    GateChat: ("gate", "cannot show a chat to some people only"),
    DecideJoin: ("join_request", "has no join requests"),
    RemoveMember: ("remove", "cannot remove anybody"),
}
"""The capability that an action needs, and what a platform is said to lack without it."""


def pause(tries: int, error: DeliveryError) -> float:
    """Return the seconds to wait before another try: what the platform asks for, else a growing, jittered time."""
    backoff = min(LAST_RETRY, FIRST_RETRY * 2 ** min(tries - 1, 16))
    jittered = backoff * (1.0 - random.random() / 2)  # noqa: S311 - spreads load, guards nothing
    return max(error.after, 0.0) if isinstance(error, TryLater) else jittered


def translate(adapter: Adapter, name: str, plugin: str, action: AnyAction) -> Request:
    """Return the request that does an action, or the declared next best where the platform lacks a capability.

    Args:
        adapter: the platform.
        name: the request's id, the same at every try.
        plugin: who asked for it.
        action: what was asked for.

    Raises:
        Hopeless: the platform cannot do it, and nothing was declared instead.
    """
    can = adapter.capabilities
    match action:
        case AnswerPerson():
            if action.private and "private_answer" not in can:
                raise Hopeless(f"{adapter.platform} cannot answer privately")
            return Answer(name, action.chat, action.handle, action.content, action.private, action.to)
        case SendMessage():
            only_to = _only_to(adapter, action)
            return Send(name, action.chat, action.content, action.reply_to, only_to)
        case KeepFile():
            if "fetch" not in can:
                raise Hopeless(f"{adapter.platform} hands out no files")
            return Fetch(name, action.chat, action.attachment)
        case DeleteMessage():
            if "delete" not in can:
                raise Hopeless(f"{adapter.platform} cannot delete messages")
            return Delete(name, action.chat, action.message)
        case CreateInvite() | RevokeInvite():
            return _inviting(adapter, name, action)
        case WearBadges() | GateChat() | DecideJoin() | RemoveMember():
            return _keeping(adapter, name, plugin, action)
        case ShowMessage():
            raise AssertionError("a show is kept as a state, not in the outbox")


def _inviting(adapter: Adapter, name: str, action: CreateInvite | RevokeInvite) -> Invite | Revoke:
    if "invite" not in adapter.capabilities:
        raise Hopeless(f"{adapter.platform} has no invites")
    if isinstance(action, RevokeInvite):
        return Revoke(name, action.chat, action.invite)
    if action.uses is not None and action.uses < 1:
        raise Hopeless("an invite lets in one person at least: uses is None, or 1 and more")
    return Invite(name, action.chat, action.name, action.expires, action.uses)


def _keeping(adapter: Adapter, name: str, plugin: str, action: MemberAction) -> Request:
    needed, lack = LACKS[type(action)]
    if needed not in adapter.capabilities:
        raise Hopeless(f"{adapter.platform} {lack}")
    match action:
        case WearBadges():
            return Wear(name, action.chat, plugin, action.account, action.badges)
        case GateChat():
            return Gate(name, action.chat, plugin, action.badge)
        case DecideJoin():
            return Decide(name, action.chat, action.account, action.handle, action.admit, action.content)
        case RemoveMember():
            return Remove(name, action.chat, action.account)


def appearance(adapter: Adapter, entry: Shown) -> list[Request]:
    """Return the requests that make a message look as it should, in order.

    Raises:
        Hopeless: the platform cannot do it.
    """
    action, message = entry.action, entry.message
    version = f"{entry.request}/{entry.wanted}"
    if action.content is None:
        return [] if message is None else [Delete(version, entry.chat, message)]
    only_to = _only_to(adapter, action)
    steps: list[Request] = []
    if message is None:
        steps.append(Send(entry.request, entry.chat, action.content, None, only_to))
    else:
        if "edit" not in adapter.capabilities:
            raise Hopeless(f"{adapter.platform} cannot change messages")
        steps.append(Edit(version, entry.chat, message, action.content, only_to))
    if action.pinned != entry.pinned and "pin" in adapter.capabilities:
        steps.append(Pin(f"{version}/pin", entry.chat, message or "", action.pinned))
    return steps


def _only_to(adapter: Adapter, action: SendMessage | ShowMessage) -> str | None:
    if action.only_to is None or "only_to" in adapter.capabilities:
        return action.only_to
    if action.public_instead:
        return None
    if "direct" not in adapter.capabilities:
        raise NotPrivately(f"{adapter.platform} cannot show a message to one person only")
    return action.only_to


def publicly(request: Request, action: AnyAction) -> Request | None:
    """Return the request for everybody that was declared for when one person alone cannot be reached; None if not."""
    declared = isinstance(action, SendMessage | ShowMessage) and action.public_instead
    if declared and isinstance(request, Send) and request.only_to is not None:
        return msgspec.structs.replace(request, only_to=None)
    return None
