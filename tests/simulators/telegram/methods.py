"""What each method of the Bot API does, with Telegram's own wording where it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiogram import methods as api
from aiogram.types import EphemeralMessageParameters, InlineKeyboardMarkup, MessageEntity
from tests.simulators.telegram.photos import Upload
from tests.simulators.telegram.rules import ApiError
from tests.simulators.telegram.world import ADMIN, Filed, Group, Json, Message, User, member_json, stamp

if TYPE_CHECKING:
    from tests.simulators.telegram.people import People

QUERY_LIFETIME = timedelta(seconds=150)
"""How long a pressed button can be answered (server's source)."""

HIDDEN_WITHIN = timedelta(seconds=15)
"""How long a press or an ephemeral command may be answered by an ephemeral message (Bot API, Ephemeral Messages)."""

SAME = (
    "Bad Request: message is not modified: specified new message content and reply markup "
    "are exactly the same as a current content and reply markup of the message"
)
NO_TEXT = "Bad Request: there is no text in the message to edit"
NO_CAPTION = "Bad Request: there is no caption in the message to edit"
NO_MEDIA = "Bad Request: there is no media in the message to edit"
NO_PHOTO = "Bad Request: there is no photo in the request"
NO_ANIMATION = "Bad Request: there is no animation in the request"
NO_VIDEO = "Bad Request: there is no video in the request"
NO_DOCUMENT = "Bad Request: there is no document in the request"
NO_FILE = "Bad Request: can't parse InputMedia: media not found"
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


class Methods:
    """The methods that a community's bot uses; others are refused.

    Args:
        world: who is where.
    """

    def __init__(self, world: People) -> None:
        self._world = world
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self._files: dict[str, Upload] = {}
        self._table: dict[type[Any], Callable[[Any], Any]] = {
            api.GetMe: lambda _: world.bot.json() | {"can_read_all_group_messages": world.reads_all},
            api.SendMessage: lambda m: self._send(m, m.text, m.entities),
            api.SendPhoto: lambda m: self._send_media(m, "photo", NO_PHOTO),
            api.SendAnimation: lambda m: self._send_media(m, "animation", NO_ANIMATION),
            api.SendVideo: lambda m: self._send_media(m, "video", NO_VIDEO),
            api.SendDocument: lambda m: self._send_media(m, "document", NO_DOCUMENT),
            api.GetFile: self._get_file,
            api.EditMessageText: lambda m: self._edit(m, self._reworded),
            api.EditMessageCaption: lambda m: self._edit(m, self._recaptioned),
            api.EditMessageMedia: lambda m: self._edit(m, self._repainted),
            api.DeleteMessage: self._delete,
            api.PinChatMessage: lambda m: self._pin(m, pinned=True),
            api.UnpinChatMessage: lambda m: self._pin(m, pinned=False),
            api.AnswerCallbackQuery: self._answer_query,
            api.GetChatMember: self._member,
            api.GetChatAdministrators: self._admins,
            api.SetMyCommands: self._set_commands,
            api.DeleteWebhook: self._delete_webhook,
            api.EditEphemeralMessageText: lambda m: self._edit_hidden(m, self._reworded),
            api.EditEphemeralMessageCaption: lambda m: self._edit_hidden(m, self._recaptioned),
            api.EditEphemeralMessageMedia: lambda m: self._edit_hidden(m, self._repainted),
            api.DeleteEphemeralMessage: self._delete_hidden,
            **world.links.served(self._group),
            **world.keeping.served(self._group),
        }

    def call(self, method: api.TelegramMethod[Any], files: dict[str, Upload]) -> Any:
        """Do what a method asks and return its result.

        Args:
            method: it.
            files: what came with it, by name.

        Raises:
            ApiError: Telegram would refuse it.
        """
        found = self._table.get(type(method))
        if self._world.hides == "never" and "Ephemeral" in type(method).__name__:
            raise ApiError(404, "Not Found: method not found")
        if found is None:
            raise ApiError(404, f"Not Found: method not found in the simulator: {type(method).__name__}")
        self._files = files
        return found(method)

    def _group(self, chat: Any) -> Group:
        group = self._world.groups.get(int(chat))
        if group is None:
            raise ApiError(400, "Bad Request: chat not found")
        if group.moved_to is not None:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, words, migrate_to_chat_id=group.moved_to)
        status = group.members.get(self._world.bot.id, "left")
        if status == "kicked":
            raise ApiError(403, f"Forbidden: bot was kicked from the {group.kind} chat")
        if status == "left":
            raise ApiError(403, f"Forbidden: bot is not a member of the {group.kind} chat")
        return group

    def _person(self, chat: Any) -> User:
        user = self._world.users.get(int(chat))
        if user is None:
            raise ApiError(400, "Bad Request: chat not found")
        if user.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if not (user.started or self._world.keeping.may_write(user)):
            raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
        return user

    def _leads(self, group: Group) -> bool:
        return group.members.get(self._world.bot.id) in ADMIN

    def _send_media(self, method: Any, kind: str, missing: str) -> Json:
        where = self._person(method.chat_id) if int(method.chat_id) > 0 else self._group(method.chat_id)
        if isinstance(where, Group) and (where.no_photos if kind == "photo" else where.no_files):
            raise ApiError(400, f"Bad Request: not enough rights to send {kind}s to the chat")
        media = self._world.photos.find(getattr(method, kind), self._files, missing, kind)
        return self._send(method, method.caption or "", method.caption_entities, media)

    def _get_file(self, method: api.GetFile) -> Json:
        filed = self._world.photos.fetched(method.file_id)
        size = len(filed.data)
        return {"file_id": filed.id, "file_unique_id": f"{filed.id}u", "file_size": size, "file_path": f"f/{filed.id}"}

    def _send(self, method: Any, text: str, entities: list[MessageEntity] | None, media: Filed | None = None) -> Json:
        world = self._world
        now = stamp(world.now())
        if int(method.chat_id) > 0:
            user = self._person(method.chat_id)
            message = Message(len(user.private) + 1, user.id, now, world.bot, text, media=media)
            message.entities, message.rows = _entities(entities), _rows(method.reply_markup)
            user.private.append(message)
            return world.as_json(message)
        group = self._group(method.chat_id)
        message = Message(group.next(), group.id, now, world.bot, text, media=media)
        message.entities, message.rows = _entities(entities), _rows(method.reply_markup)
        message.topic = method.message_thread_id
        if message.topic is not None and message.topic not in group.topics:  # also the general one (server's source)
            raise ApiError(400, "Bad Request: message thread not found")
        reply = method.reply_parameters
        if reply is not None and reply.message_id is not None:
            if reply.message_id in group.messages:
                message.reply_to = reply.message_id
            elif reply.allow_sending_without_reply is not True:
                raise ApiError(400, "Bad Request: message to be replied not found")
        hidden = self._for_one(method)
        if hidden is not None:
            self._hide(group, message, hidden, reply.ephemeral_message_id if reply is not None else None)
        group.messages[message.id] = message
        return world.as_json(message)

    def _for_one(self, method: Any) -> EphemeralMessageParameters | None:
        """Return for whom alone a message is, as far as this server's version reads that."""
        if self._world.hides == "10.2" and method.receiver_user_id is not None:
            query = method.callback_query_id
            return EphemeralMessageParameters(receiver_user_id=method.receiver_user_id, callback_query_id=query)
        found: EphemeralMessageParameters | None = method.ephemeral_message_parameters
        return found if self._world.hides == "10.3" else None

    def _hide(self, group: Group, message: Message, hidden: EphemeralMessageParameters, command: int | None) -> None:
        """Show it to one person only; the rules are documented, of the refusals' wording only ``BOT_NOT_ADMIN`` is."""
        user = hidden.receiver_user_id
        if group.members.get(user, "left") in ("left", "kicked") or self._world.users[user].bot:
            raise ApiError(400, "Bad Request: PARTICIPANT_ID_INVALID")
        press = self._world.presses.get(hidden.callback_query_id or "")
        pressed = press is not None and press.user.id == user and self._world.now() - press.at <= HIDDEN_WITHIN
        asked = command is not None and self._asked(group, user, command)
        if command is not None and not asked:
            raise ApiError(400, "Bad Request: message to be replied not found")
        if not (self._leads(group) or pressed or asked):
            raise ApiError(400, "Bad Request: BOT_NOT_ADMIN")
        message.only_to, message.hidden = user, next(self._world.hidden)
        message.answers = command or hidden.callback_query_id

    def _asked(self, group: Group, user: int, command: int) -> bool:
        """Return whether somebody has used an ephemeral command that may still be answered."""
        since = stamp(self._world.now() - HIDDEN_WITHIN)
        return any(
            found.hidden == command and found.only_to == user and found.at >= since for found in group.messages.values()
        )

    def _find(self, chat: Any, number: int, what: str) -> Message:
        if int(chat) > 0:
            found = next((one for one in self._person(chat).private if one.id == number), None)
        else:
            found = self._group(chat).messages.get(number)
        if found is None or found.hidden:
            raise ApiError(400, f"Bad Request: message to {what} not found")
        return found

    def _edit(self, method: Any, how: Callable[[Message, Any], None]) -> Json:
        message = self._find(method.chat_id, method.message_id or 0, "edit")
        if message.author is not self._world.bot:
            raise ApiError(400, "Bad Request: message can't be edited")
        how(message, method)
        return self._world.as_json(message)

    def _reworded(self, message: Message, method: Any) -> None:
        if message.media is not None:
            raise ApiError(400, NO_TEXT)
        self._change(message, method.text or "", method.entities, method.reply_markup)

    def _recaptioned(self, message: Message, method: Any) -> None:
        if message.media is None:
            raise ApiError(400, NO_CAPTION)
        self._change(message, method.caption or "", method.caption_entities, method.reply_markup, message.media)

    def _repainted(self, message: Message, method: Any) -> None:
        media = method.media
        if message.media is None and not self._world.repaints:
            raise ApiError(400, NO_MEDIA)
        found = self._world.photos.find(media.media, self._files, NO_FILE, media.type)
        self._change(message, media.caption or "", media.caption_entities, method.reply_markup, found)

    def _change(
        self,
        message: Message,
        text: str,
        entities: list[MessageEntity] | None,
        keyboard: InlineKeyboardMarkup | None,
        media: Filed | None = None,
    ) -> None:
        new = (text, _entities(entities), _rows(keyboard), media)
        if new == (message.text, message.entities, message.rows, message.media):
            raise ApiError(400, SAME)
        message.text, message.entities, message.rows, message.media = new
        message.edits += 1
        message.edited_at = stamp(self._world.now())

    def _delete(self, method: api.DeleteMessage) -> bool:
        message = self._find(method.chat_id, method.message_id, "delete")
        if int(method.chat_id) > 0:
            self._person(method.chat_id).private.remove(message)
            return True
        group = self._group(method.chat_id)
        if message.author is not self._world.bot and not group.rights.get("can_delete_messages"):
            raise ApiError(400, "Bad Request: message can't be deleted")
        del group.messages[message.id]
        return True

    def _hidden_one(self, method: Any, what: str) -> Message:
        for message in self._group(method.chat_id).messages.values():
            if message.hidden == method.ephemeral_message_id and message.only_to == method.receiver_user_id:
                return message
        raise ApiError(400, f"Bad Request: message to {what} not found")

    def _edit_hidden(self, method: Any, how: Callable[[Message, Any], None]) -> bool:
        how(self._hidden_one(method, "edit"), method)
        return True

    def _delete_hidden(self, method: api.DeleteEphemeralMessage) -> bool:
        message = self._hidden_one(method, "delete")
        del self._group(method.chat_id).messages[message.id]
        return True

    def _pin(self, method: Any, *, pinned: bool) -> bool:
        message = self._find(method.chat_id, method.message_id, "pin")
        message.pinned = pinned
        if int(method.chat_id) > 0:
            return True
        group = self._group(method.chat_id)
        if not (group.kind == "group" or group.rights.get("can_pin_messages")):
            raise ApiError(400, "Bad Request: not enough rights to manage pinned messages in the chat")
        if pinned:  # the bot is told of its own service messages (server's source)
            payload = {
                "message_id": group.next(),
                "date": stamp(self._world.now()),
                "chat": group.json(),
                "from": self._world.bot.json(),
                "pinned_message": self._world.as_json(message),
            }
            self._world.tell("message", payload)
        return True

    def _answer_query(self, method: api.AnswerCallbackQuery) -> bool:
        press = self._world.presses.get(method.callback_query_id)
        if press is None or press.answered or self._world.now() - press.at > QUERY_LIFETIME:
            raise ApiError(400, TOO_OLD)
        press.answered, press.text, press.url = True, method.text, method.url
        press.alert = bool(method.show_alert)
        return True

    def _member(self, method: api.GetChatMember) -> Json:
        group, user = self._group(method.chat_id), self._world.users.get(method.user_id)
        if user is None:
            raise ApiError(400, "Bad Request: user not found")
        self._world.keeping.lapse(group, user)
        return group.member(user)

    def _admins(self, method: api.GetChatAdministrators) -> list[Json]:
        group = self._group(method.chat_id)
        users = self._world.users
        return [
            member_json(users[user], status)
            for user, status in group.members.items()
            if status in ADMIN and (method.return_bots or not users[user].bot or user == self._world.bot.id)
        ]

    def _set_commands(self, method: api.SetMyCommands) -> bool:
        if method.scope is not None:
            self._group(getattr(method.scope, "chat_id", 0))
        scope = method.scope.model_dump_json(exclude_none=True) if method.scope is not None else ""
        for command in method.commands:
            name = command.command
            if not (1 <= len(name) <= 32 and name.replace("_", "").isalnum() and name == name.lower()):
                raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(command.description) <= 256:
                raise ApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        commands = [command.model_dump(exclude_none=True) for command in method.commands]
        self.commands[scope, method.language_code or ""] = commands
        return True

    def _delete_webhook(self, _: api.DeleteWebhook) -> bool:
        self._world.webhook = ""
        return True


def _entities(entities: list[MessageEntity] | None) -> list[Json]:
    return [entity.model_dump(mode="json", exclude_none=True) for entity in entities or ()]


def _rows(keyboard: Any) -> list[list[Json]]:
    if not isinstance(keyboard, InlineKeyboardMarkup):
        return []
    return [[button.model_dump(exclude_none=True) for button in row] for row in keyboard.inline_keyboard]
