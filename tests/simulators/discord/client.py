"""What Discord's client lets people do with a bot: use its commands as they are registered, and press its buttons."""

from __future__ import annotations

import base64
from typing import Any

from tests.simulators.discord import payloads
from tests.simulators.discord.keepers import Keepers
from tests.simulators.discord.world import Channel, Interaction, Json, Message, P, User, allowed

KINDS: dict[int, tuple[type, ...]] = {3: (str,), 4: (int,), 5: (bool,), 10: (int, float)}
"""Text, whole number, yes or no, number (Discord docs, Application Command Option Type)."""

ENTITIES = (6, 7, 8, 9, 11)
"""Options that name somebody or something; the simulator's client has none."""


class Client(Keepers):
    """People with the official client."""

    def commands(self, guild: Any) -> list[Json]:
        """Return the commands that are registered in a guild."""
        found: list[Json] = guild.commands
        return found

    def use(self, channel: Channel, user: User, name: str, /, **options: Any) -> Interaction:
        """Let somebody use a command.

        Args:
            channel: where.
            user: who.
            name: the command, and after a space its subcommand.
            options: what they fill in; None is left out.

        Raises:
            AssertionError: the client would not let them.
        """
        assert channel.guild is not None, "commands are registered in guilds"
        command, *rest = name.split()
        found = self._offered(channel, user, command, 1)
        data: Json = {"id": found["id"], "name": command, "type": 1, "guild_id": str(channel.guild.id)}
        given = {key: value for key, value in options.items() if value is not None}
        filled = _fill(found, rest, given)
        if filled:
            data["options"] = filled
        return self._interact(Interaction(self.ids.next(), "", user, channel, self.now(), 2, data))

    def use_on(self, message: Message, user: User, title: str) -> Interaction:
        """Let somebody use a command in the menu of a message.

        Args:
            message: which.
            user: who.
            title: what the menu says in their language.

        Raises:
            AssertionError: the client would not let them.
        """
        channel = message.channel
        assert channel.guild is not None, "commands are registered in guilds"
        assert not message.deleted, "the message is gone"
        assert message.only_to in (None, user), f"{user.name} does not see that message"
        menu = [one for one in channel.guild.commands if one.get("type") == 3]
        shown = {(one["name_localizations"] or {}).get(user.locale, one["name"]): one["name"] for one in menu}
        assert title in shown, f"the menu has no {title!r}: {list(shown)}"
        found = self._offered(channel, user, shown[title], 3)
        there = payloads.message_json(message, self.bot)  # whole, whatever the bot may else read of it
        place = {"guild_id": str(channel.guild.id), "target_id": str(message.id)}
        resolved = {"messages": {str(message.id): there}}
        data: Json = {"id": found["id"], "name": found["name"], "type": 3, "resolved": resolved, **place}
        return self._interact(Interaction(self.ids.next(), "", user, channel, self.now(), 2, data))

    def _offered(self, channel: Channel, user: User, name: str, kind: int) -> Json:
        """Return a command as it is registered, if the client offers it to somebody."""
        assert channel.guild is not None, "commands are registered in guilds"
        there: list[Json] = [one for one in channel.guild.commands if one.get("type", 1) == kind]
        found = next((one for one in there if one["name"] == name), None)
        assert found is not None, f"/{name} is not registered: {[one['name'] for one in there]}"
        may, needs = allowed(user, channel.guild, channel), found["default_member_permissions"]
        assert may & P.USE_APPLICATION_COMMANDS, f"{user.name} may use no commands in #{channel.name}"
        if needs is not None:  # none at all means administrators only (Discord docs, Permissions of commands)
            least = int(needs) or int(P.ADMINISTRATOR)
            assert may & least == least, f"/{name} is not offered to {user.name}"
        return found

    def press(self, user: User, message: Message, label: str) -> Interaction:
        """Let somebody press a button of a message that they see.

        Raises:
            AssertionError: the client shows them no such button, or it is grey.
        """
        channel = message.channel
        assert not message.deleted, "the message is gone"
        assert message.only_to in (None, user), f"{user.name} does not see that message"
        if channel.guild is not None:
            assert allowed(user, channel.guild, channel) & P.VIEW_CHANNEL, f"{user.name} does not see #{channel.name}"
        found = next((one for row in message.rows for one in row if one.get("label") == label), None)
        assert found is not None, f"{message.content!r} has no button {label}: {message.buttons}"
        assert "custom_id" in found, f"{label} is a link"
        assert not found.get("disabled"), f"{label} is grey"
        data = {"custom_id": found["custom_id"], "component_type": 2, "id": 1}
        return self._interact(Interaction(self.ids.next(), "", user, channel, self.now(), 3, data, message))

    def _interact(self, interaction: Interaction) -> Interaction:
        plain = f"interaction:{interaction.id}:{'x' * 60}".encode()  # as real ones are, so that logs can tell them
        interaction.token = base64.urlsafe_b64encode(plain).decode().rstrip("=")
        self.interactions[interaction.token] = interaction
        event = payloads.interaction_json(interaction, self.bot)
        self.tell("INTERACTION_CREATE", lambda _: event)  # no intent is needed (Discord docs, List of Intents)
        return interaction


def _fill(level: Json, rest: list[str], given: dict[str, Any]) -> list[Json]:
    options: list[Json] = level.get("options") or []
    nested = [one for one in options if one["type"] in (1, 2)]
    if nested:
        assert rest, f"/{level['name']} itself cannot be used, only {[one['name'] for one in nested]}"
        inner = next((one for one in nested if one["name"] == rest[0]), None)
        assert inner is not None, f"{level['name']} has no {rest[0]}: {[one['name'] for one in nested]}"
        return [{"name": inner["name"], "type": inner["type"], "options": _fill(inner, rest[1:], given)}]
    assert not rest, f"{level['name']} has no {rest[0]}"
    unknown = given.keys() - {one["name"] for one in options}
    assert not unknown, f"{level['name']} has no {sorted(unknown)}"
    missing = [one["name"] for one in options if one.get("required") and one["name"] not in given]
    assert not missing, f"{level['name']} needs {missing}"
    return [_value(one, given[one["name"]]) for one in options if one["name"] in given]


def _value(option: Json, value: Any) -> Json:
    name, kind = option["name"], option["type"]
    assert kind not in ENTITIES, f"{name}: the simulator's client fills in no options of type {kind}"
    right = isinstance(value, KINDS[kind]) and isinstance(value, bool) == (kind == 5)
    assert right, f"{name} takes {KINDS[kind]}, not {value!r}"
    choices: list[Json] = option.get("choices") or []
    assert not choices or value in [one["value"] for one in choices], f"{name} offers {choices}, not {value!r}"
    size = len(value) if isinstance(value, str) else value
    low, high = ("min_length", "max_length") if kind == 3 else ("min_value", "max_value")
    assert option.get(low) is None or size >= option[low], f"{name} is at least {option[low]}, not {size}"
    assert option.get(high) is None or size <= option[high], f"{name} is at most {option[high]}, not {size}"
    if kind == 3:
        assert len(value) <= 6000, f"{name} is at most 6000 characters"
    return {"name": name, "type": kind, "value": value}
