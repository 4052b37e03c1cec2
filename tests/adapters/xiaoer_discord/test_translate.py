"""What discord.py's objects mean; they are made by discord.py itself from what the gateway would tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
from tests.simulators.discord import DiscordServer, Message, User, payloads
from tests.simulators.discord.gateway import Session

from xiaoer import AnyEvent
from xiaoer_discord.client import Client, intents
from xiaoer_discord.guilds import ranks_of
from xiaoer_discord.translate import Ranks, asked, edited, joined, left, reacted, role_of, who_is, written

NOW = datetime(2026, 3, 2, 4, 0, 0, 521254, tzinfo=UTC)


@dataclass
class Known:
    """What is known about guilds."""

    spaces: dict[int | None, str] = field(default_factory=lambda: {})
    found: Ranks = ()
    homes: dict[int, str] = field(default_factory=lambda: {})

    def space(self, guild: int | None) -> str | None:
        return self.spaces.get(guild)

    def ranks(self, space: str) -> Ranks:
        return self.found

    def home(self, user: int, button: str) -> str | None:
        return self.homes.get(user)

    def now(self) -> datetime:
        return NOW


class Town:
    """A guild of a community, and discord.py, which is told of it without a network."""

    def __init__(self) -> None:
        self.server = DiscordServer(now=lambda: NOW)
        self._session = Session("s", intents().value)
        self.server.sessions["s"] = self._session
        self.heard: list[Any] = []
        events = (
            "message raw_message_edit member_join raw_member_remove raw_reaction_add raw_reaction_remove interaction"
        )
        client = Client(dict.fromkeys(events.split(), self.heard.append))
        self.state = client._connection
        self.state.user = discord.ClientUser(state=self.state, data=payloads.user_json(self.server.bot))  # type: ignore[arg-type]
        self.guild = self.server.guild("Town")
        self.ann = self.server.user("Ann")
        self.server.join(self.guild, self.ann)
        self.known = Known({self.guild.id: f"discord:{self.guild.id}"})
        self.client = client
        self.hear()

    @property
    def space(self) -> str:
        return f"discord:{self.guild.id}"

    @property
    def chat(self) -> str:
        return f"{self.space}/{self.guild.general.id}"

    def hear(self, *, change: Callable[[dict[str, Any]], object] = lambda _: None) -> Any:
        """Tell discord.py what happened meanwhile, changed a little, and return what it made of the last of it."""
        for _, event, data in self._session.log:
            if event in self.state.parsers:
                change(data)
                self.state.parsers[event](data)
        self._session.log.clear()
        return self.heard[-1] if self.heard else None

    def write(self, user: User, text: str = "tea", **how: Any) -> Message:
        return self.server.write(self.guild.general, user, text, **how)

    def member(self, user: User) -> discord.Member:
        self.write(user)
        author = self.hear().author
        assert isinstance(author, discord.Member)
        return author


@pytest.fixture
def town() -> Town:
    return Town()


def told(event: AnyEvent | None) -> Any:
    assert event is not None
    return event


def test_a_message_is_named_by_its_channel_and_its_id(town: Town) -> None:
    message = town.write(town.ann)
    event = told(written(town.hear(), town.known))
    assert event.key == f"discord:message:{town.guild.general.id}:{message.id}"
    assert (event.space, event.chat, event.message) == (town.space, town.chat, str(message.id))
    assert (event.who.account, event.who.name, event.text) == (f"discord:{town.ann.id}", "Ann", "tea")


def test_a_thread_is_a_chat_of_its_own(town: Town) -> None:
    thread = town.server.thread(town.guild.general, "tea talk")
    town.server.write(thread, town.ann, "tea")
    assert told(written(town.hear(), town.known)).chat == f"{town.space}/{thread.id}"


def test_a_thread_that_nobody_told_of_is_a_chat_too(town: Town) -> None:
    thread = town.server.thread(town.guild.general, "secret")
    town.server.sessions["s"].log.clear()
    town.server.write(thread, town.ann, "tea")
    assert told(written(town.hear(), town.known)).chat == f"{town.space}/{thread.id}"


def test_somebody_who_is_no_member_any_more_still_wrote_what_they_wrote(town: Town) -> None:
    town.server.promote(town.guild, town.ann)
    town.write(town.ann)
    message = town.hear(change=lambda data: data.pop("member", None))
    assert isinstance(message.author, discord.User)
    event = told(written(message, town.known))
    assert (event.who.name, event.who.role) == ("Ann", "")


@pytest.mark.parametrize(("bot", "more"), [(True, {}), (False, {"webhook_id": "5"})], ids=["bot", "webhook"])
def test_bots_and_webhooks_are_not_people(town: Town, bot: bool, more: dict[str, str]) -> None:
    other = town.server.user("Other", bot=bot)
    town.server.join(town.guild, other)
    message = town.write(other)
    assert written(town.hear(change=lambda data: data.update(more)), town.known) is None
    town.server.edit(message, "coffee")
    assert edited(town.hear(change=lambda data: data.update(more)).message, town.known) is None


def test_what_discord_itself_writes_is_no_message(town: Town) -> None:
    town.write(town.ann, "", kind="system")
    assert written(town.hear(), town.known) is None


def test_an_edit_is_named_by_when_it_was_made(town: Town) -> None:
    message = town.write(town.ann)
    town.server.edit(message, "coffee")
    change = town.hear()
    event = told(edited(change.message, town.known))
    assert event.key == f"discord:edit:{town.guild.general.id}:{message.id}:{int(NOW.timestamp() * 1000)}"
    assert (event.text, event.edited) == ("coffee", True)


def test_a_preview_that_discord_adds_is_no_edit(town: Town) -> None:
    message = town.write(town.ann)
    message.embeds = [{"type": "link", "url": "https://tea.example/"}]
    town.server.tell_message("MESSAGE_UPDATE", message)
    assert edited(town.hear().message, town.known) is None


def test_a_preview_that_follows_an_edit_is_the_same_edit(town: Town) -> None:
    message = town.write(town.ann)
    town.server.edit(message, "https://tea.example/")
    first = told(edited(town.hear().message, town.known))
    message.embeds = [{"type": "link", "url": "https://tea.example/"}]
    town.server.tell_message("MESSAGE_UPDATE", message)
    assert told(edited(town.hear().message, town.known)).key == first.key


def test_a_reply_says_what_it_answers_and_a_forward_carries_the_words(town: Town) -> None:
    message = town.write(town.ann)
    town.write(town.ann, "yes", reply_to=message)
    assert told(written(town.hear(), town.known)).reply_to == str(message.id)
    town.write(town.ann, "news", forwarded=True)
    event = told(written(town.hear(), town.known))
    assert (event.kind, event.text, event.reply_to) == ("forward", "news", None)


def test_a_join_has_one_name_however_exactly_discord_tells_when(town: Town) -> None:
    ben = town.server.user("Ben")
    town.server.join(town.guild, ben)
    town.hear()
    live = next(heard for heard in reversed(town.heard) if isinstance(heard, discord.Member))
    data: Any = payloads.member_json(town.guild.members[ben.id], exact=False)
    fetched = discord.Member(data=data, guild=live.guild, state=town.state)
    assert live.joined_at != fetched.joined_at
    assert told(joined(live, town.known)).key == told(joined(fetched, town.known)).key


def test_coming_back_is_another_join_and_leaving_again_another_leave(town: Town) -> None:
    ann = who_is(town.member(town.ann))
    times = [NOW, NOW + timedelta(hours=1), None]
    assert len({told(left(town.guild.id, ann, since, town.known)).key for since in times}) == 3
    again = [told(left(town.guild.id, ann, since, town.known)).key for since in (NOW, NOW)]
    assert again[0] == again[1]


def test_people_of_a_server_without_a_community_are_not_told_of(town: Town) -> None:
    town.known.spaces.clear()
    message = town.write(town.ann)
    assert written(town.hear(), town.known) is None
    town.server.edit(message, "coffee")
    assert edited(town.hear().message, town.known) is None
    town.server.react(town.ann, message, "👍")
    assert reacted(town.hear(), "k", town.known) is None
    town.server.guilds[town.guild.id].commands = [{"id": "1", "name": "help", "default_member_permissions": None}]
    town.server.use(town.guild.general, town.ann, "help")
    assert asked(town.hear(), town.known) is None
    member = next(heard for heard in town.heard if isinstance(heard, discord.Member))
    assert joined(member, town.known) is None
    assert left(town.guild.id, who_is(member), None, town.known) is None


def test_a_reaction_is_told_with_who_made_it_and_its_taking_back_without_a_name(town: Town) -> None:
    message = town.write(town.ann)
    town.server.react(town.ann, message, "👍")
    event = told(reacted(town.hear(), "k1", town.known))
    assert (event.key, event.who.name, event.added, event.removed) == ("k1", "Ann", ("👍",), ())
    town.server.unreact(town.ann, message, "👍")
    event = told(reacted(town.hear(), "k2", town.known))
    assert (event.who.account, event.who.name) == (f"discord:{town.ann.id}", "")
    assert (event.added, event.removed) == ((), ("👍",))


def test_an_emoji_of_the_server_is_named_by_its_id(town: Town) -> None:
    town.server.react(town.ann, town.write(town.ann), "👍")
    change = town.hear(change=lambda data: data.update(emoji={"id": "77", "name": None}) if "emoji" in data else None)
    assert told(reacted(change, "k", town.known)).added == ("custom:77",)


def test_a_command_is_taken_apart_down_to_its_options(town: Town) -> None:
    options = [{"name": "add", "type": 1, "options": [{"name": "one", "type": 4}, {"name": "sure", "type": 5}]}]
    town.guild.commands = [{"id": "1", "name": "sum", "default_member_permissions": None, "options": options}]
    town.ann.locale = "zh-CN"
    used = town.server.use(town.guild.general, town.ann, "sum add", one=2, sure=True)
    event = told(asked(town.hear(), town.known))
    assert (event.key, event.text) == (f"discord:interaction:{used.id}", "sum add")
    assert event.options == {"one": "2", "sure": "True"}
    assert (event.chat, event.who.locale, event.handle) == (town.chat, "zh-CN", f"c{used.id}/{used.token}")


def test_a_button_in_a_private_chat_belongs_where_its_presser_is(town: Town) -> None:
    direct = town.server.direct_channel(town.ann)
    letter = Message(town.server.ids.next(), direct, town.server.bot, NOW, "A letter")
    letter.rows = [[{"type": 2, "label": "read", "custom_id": "b1"}]]
    town.server.post(letter)
    town.server.press(town.ann, letter, "read")
    interaction = town.hear()
    assert asked(interaction, town.known) is None
    town.known.homes[town.ann.id] = town.space
    event = told(asked(interaction, town.known))
    assert (event.space, event.chat) == (town.space, f"{town.space}/{direct.id}")
    assert (event.message, event.button) == (f"{letter.id}@{direct.id}", "b1")


def ranks(town: Town, **meaning: str) -> Ranks:
    guild = town.client.get_guild(town.guild.id)
    assert guild is not None
    return ranks_of(guild.roles, {"administrator": "secretary"} | meaning)


def test_of_several_roles_the_one_that_gives_most_counts_wherever_it_stands(town: Town) -> None:
    elder = town.server.role(town.guild, "Elder", 1)
    guest = town.server.role(town.guild, "Guest", 9)
    for role in (guest, elder):
        town.server.grant(town.guild, town.ann, role)
    member = town.member(town.ann)
    assert role_of(member, ranks(town, Elder="secretary", Guest="xiaoer")) == "Elder"
    assert role_of(member, ranks(town, Elder="xiaoer", Guest="secretary")) == "Guest"
    assert role_of(member, ranks(town)) == ""


def test_the_owner_is_the_owner_and_whoever_may_everything_an_administrator(town: Town) -> None:
    town.server.promote(town.guild, town.ann)
    town.server.grant(town.guild, town.guild.owner, town.server.role(town.guild, "Elder"))
    assert role_of(town.member(town.ann), ranks(town)) == "administrator"
    assert role_of(town.member(town.guild.owner), ranks(town, Elder="secretary")) == "owner"


def test_a_role_called_administrator_gives_nothing_by_its_name(town: Town) -> None:
    town.server.grant(town.guild, town.ann, town.server.role(town.guild, "administrator"))
    assert role_of(town.member(town.ann), ranks(town)) == ""


def test_what_everybody_may_counts_for_everybody(town: Town) -> None:
    member = town.member(town.ann)
    town.server.permit(town.guild, town.guild.everyone, 8)
    town.hear()
    assert role_of(member, ranks(town)) == "administrator"
