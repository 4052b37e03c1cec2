"""How the bot answers commands and buttons (Discord docs, Receiving and Responding)."""

from __future__ import annotations

from datetime import timedelta

from tests.simulators.discord.client import Client
from tests.simulators.discord.messages import Ask, Messages
from tests.simulators.discord.payloads import EPHEMERAL
from tests.simulators.discord.rules import Answer, ApiError, Edit, FormError, Text, check_text, read
from tests.simulators.discord.uploads import Uploads
from tests.simulators.discord.world import Interaction, Json, Message, User

FIRST_ANSWER = timedelta(seconds=3)
"""How long Discord waits for the first answer; then the token is worth nothing."""

LIFETIME = timedelta(minutes=15)
"""How long a token can be used."""

HOOK = "/webhooks/{application.id}/{interaction.token}"


class Answers:
    """The routes about interactions; their token is all the authorization that they need.

    Args:
        world: who is where.
        messages: the routes about messages.
    """

    def __init__(self, world: Client, messages: Messages) -> None:
        self._world = world
        self._messages = messages
        self.table = {
            "POST /interactions/{interaction.id}/{interaction.token}/callback": self._answer,
            f"POST {HOOK}": self._follow,
            f"GET {HOOK}/messages/@original": self._get,
            f"PATCH {HOOK}/messages/@original": self._edit,
            f"DELETE {HOOK}/messages/@original": self._delete,
            f"GET {HOOK}/messages/{{message.id}}": self._get,
            f"PATCH {HOOK}/messages/{{message.id}}": self._edit,
            f"DELETE {HOOK}/messages/{{message.id}}": self._delete,
        }

    def _answer(self, ask: Ask) -> Json | None:
        body = read(ask.body, Answer)
        found = self._world.interactions.get(ask.path["interaction.token"])
        if found is None or found.id != ask.number("interaction.id"):
            raise ApiError(404, 10062, "Unknown interaction")
        if found.acknowledged:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        if self._world.now() - found.at > FIRST_ANSWER:
            raise ApiError(404, 10062, "Unknown interaction")
        if body["type"] in (6, 7) and found.type != 3:
            raise FormError(("type", "This type is for components only"))
        data: Json = body.get("data") or {}
        check_text(data, "data")
        message = self._first(found, body["type"], data, ask.files)
        found.acknowledged = True
        if ask.query.get("with_response") not in ("1", "true", "True"):
            return None
        return self._callback(found, body["type"], message)

    def _first(self, found: Interaction, kind: int, data: Json, files: Uploads) -> Message | None:
        hidden = found.user if data.get("flags", 0) & EPHEMERAL else None
        if kind == 4:
            found.original = self._say(found, data, files, hidden)
        elif kind == 5:
            found.deferred, found.ephemeral = "message", hidden is not None
            found.original = self._new(found, hidden)
            found.original.loading = True
            self._world.post(found.original)
        else:
            found.original = found.message
            if kind == 6:
                found.deferred = "update"
            elif found.message is not None:
                self._messages.change(found.message, data, files)
        return found.original

    def _callback(self, found: Interaction, kind: int, message: Message | None) -> Json:
        told: Json = {"id": str(found.id), "type": found.type}
        resource: Json = {"type": kind}
        if message is not None and kind != 6:
            told |= {
                "response_message_id": str(message.id),
                "response_message_loading": message.loading,
                "response_message_ephemeral": message.ephemeral,
            }
            if kind != 5:
                resource["message"] = self._messages.json(message)
        return {"interaction": told, "resource": resource}

    def _new(self, found: Interaction, hidden: User | None) -> Message:
        world = self._world
        return Message(world.ids.next(), found.channel, world.bot, world.now(), only_to=hidden, caused_by=found)

    def _say(self, found: Interaction, data: Json, files: Uploads, hidden: User | None) -> Message:
        message = self._new(found, hidden)
        self._messages.fill(message, data, files)
        self._world.post(message)
        found.messages.append(message)
        return message

    def _open(self, ask: Ask) -> Interaction:
        """Return the interaction of a token that still can be used.

        One that was never answered knows no webhook, an old one has no token (discord-api-docs issue 6851).
        """
        found = self._world.interactions.get(ask.path["interaction.token"])
        if found is None or ask.number("application.id") != self._world.bot.id:
            raise ApiError(404, 10015, "Unknown Webhook")
        if self._world.now() - found.at > LIFETIME:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        if not found.acknowledged:
            raise ApiError(404, 10015, "Unknown Webhook")
        return found

    def _find(self, ask: Ask) -> tuple[Interaction, Message]:
        found = self._open(ask)
        message = found.original
        if "message.id" in ask.path:
            mine = [one for one in (found.original, *found.messages) if one is not None]
            message = next((one for one in mine if one.id == ask.number("message.id")), None)
        if message is None or message.deleted:
            raise ApiError(404, 10008, "Unknown Message")
        return found, message

    def _get(self, ask: Ask) -> Json:
        return self._messages.json(self._find(ask)[1])

    def _edit(self, ask: Ask) -> Json:
        body = read(ask.body, Edit)
        found, message = self._find(ask)
        return self._change(found, message, body, ask.files)

    def _change(self, found: Interaction, message: Message, body: Json, files: Uploads) -> Json:
        if not message.loading:
            return self._messages.change(message, body, files)
        check_text(body)
        self._messages.fill(message, body, files)
        message.loading = False  # what fills it is no edit that anybody sees
        found.messages.append(message)
        self._world.tell_message("MESSAGE_UPDATE", message)
        return self._messages.json(message)

    def _delete(self, ask: Ask) -> None:
        _, message = self._find(ask)
        message.loading = False
        self._world.delete(message)

    def _follow(self, ask: Ask) -> Json:
        """Say more; right after a deferral it fills that one, hidden or not as that one is (Create Followup)."""
        body = read(ask.body, Text)
        found = self._open(ask)
        check_text(body)
        if found.original is not None and found.original.loading:
            return self._change(found, found.original, body, ask.files)
        hidden = found.user if (body.get("flags") or 0) & EPHEMERAL else None
        return self._messages.json(self._say(found, body, ask.files, hidden))
