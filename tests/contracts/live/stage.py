"""A stage on a real platform: a person does what people do, and says what there is to see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.contracts.live.acts import quoted
from tests.contracts.live.asking import Asking
from tests.contracts.live.record import Standing, standing
from tests.contracts.stage import How, Pace, Seen
from tests.png import title

from xiaoer import (
    ButtonPressed,
    CommandUsed,
    MemberJoined,
    MemberLeft,
    MessagePosted,
    Plugin,
    ReactionChanged,
)

ARRIVES = {"document": "file", "dice": "other"}
"""How kinds of messages are told, where they have other names here."""


class LiveStage(Asking):
    """A chat on a real platform, with a tester for all its people; :meth:`of` makes one that can be played on."""

    def __init__(self, folder: Path, *plugins: type[Plugin[Any]], clock: Pace | None = None) -> None:
        super().__init__(folder, *plugins, clock=clock)
        self._said: dict[str, str] = {}
        self._handles: list[str] = []
        self._looked: set[str] = set()

    async def bring(self, name: str) -> None:
        """See to it that somebody is there: who is there already need not come in again."""
        player = self.player(name)
        if player.here:
            return
        row = await self.row()
        if player.account:
            await self.join(name)
        else:
            await self.do(self.act(name), MessagePosted, lambda _: True, lambda _: "")
            player.here = True
        await self.forget(row)

    async def join(self, name: str, how: How = "alone", by: str = "") -> None:
        """Ask somebody to come in, for which they may have to leave first."""
        player, row = self.player(name), await self.row()
        act = self.act(name, do="join", how=how, by=by, here=player.here)
        await self.do(act, MemberJoined, lambda _: True, lambda _: "")
        await self.forget(row, "leave")
        player.here = True

    async def leave(self, name: str) -> None:
        """Ask somebody to leave."""
        await self.do(self.act(name, do="leave"), MemberLeft, lambda _: True, lambda _: "")
        self.player(name).here = False

    async def write(self, name: str, text: str, *, kind: str = "text", reply_to: str | None = None) -> str:
        """Ask somebody to write."""

        def told(event: MessagePosted) -> str:
            wanted = ARRIVES.get(kind, kind)
            if event.kind != wanted:
                return f"A message of the kind {event.kind}, not {wanted},"
            if kind == "text" and event.text != text:
                return f"“{event.text}”"
            return "" if reply_to is None or event.reply_to == reply_to else "No reply to that message"

        act = self.act(name, do="write", text=text, kind=kind)
        if reply_to is not None:
            act = self.act(name, do="reply", text=text, kind=kind, message=reply_to, about=self._words(reply_to))
        event = await self.do(act, MessagePosted, lambda event: not event.edited, told)
        self._said[event.message] = text
        return event.message

    async def edit(self, name: str, message: str, text: str) -> None:
        """Ask somebody to change what they wrote."""
        act = self.act(name, do="edit", text=text, message=message, about=self._words(message))

        def fits(event: MessagePosted) -> bool:
            return event.edited and event.message == message

        await self.do(act, MessagePosted, fits, lambda event: "" if event.text == text else f"“{event.text}”")

    async def react(self, name: str, message: str, emoji: str) -> None:
        """Ask somebody to react."""
        act = self.act(name, do="react", text=emoji, message=message, about=self._words(message))

        def told(event: ReactionChanged) -> str:
            return "" if (event.message, event.added) == (message, (emoji,)) else " ".join(event.added) or "Nothing"

        await self.do(act, ReactionChanged, lambda event: bool(event.added), told)

    async def use(self, name: str, command: str, **options: Any) -> str:
        """Ask somebody to use a command."""
        typed, values = self.typed(command, options), {key: str(value) for key, value in options.items()}

        def told(event: CommandUsed) -> str:
            if event.options is None:
                right = event.text.split() == " ".join([command, *values.values()]).split()
            else:
                right = (event.text, event.options) == (command, values)
            return "" if right else f"/{event.text} {event.options or ''}".rstrip()

        act = self.act(name, do="use", text=typed, command=command, options=options)
        return self._handle((await self.do(act, CommandUsed, lambda _: True, told)).handle)

    def typed(self, command: str, options: dict[str, Any]) -> str:
        """Return a command as people type it."""
        return " ".join(["/" + command, *(str(value) for value in options.values())])

    async def press(self, name: str, label: str, message: str) -> str:
        """Ask somebody to press a button."""
        there = self._standing()
        wanted = there[message].buttons[label].id
        labels = {button.id: button.label for one in there.values() for button in one.buttons.values()}

        def told(event: ButtonPressed) -> str:
            return "" if event.button == wanted else f"A press of “{labels.get(event.button, 'an older button')}”"

        act = self.act(name, do="press", text=label, message=message, about=self._words(message))
        return self._handle((await self.do(act, ButtonPressed, lambda _: True, told)).handle)

    def _handle(self, handle: str) -> str:
        """Keep a handle, which may hold a token, and return a name for it that may be printed."""
        self._handles.append(handle)
        return f"asked {len(self._handles)}"

    def _standing(self) -> dict[str, Standing]:
        return {message.id: message for message in standing(self.record.performed)}

    def _words(self, message: str) -> str:
        found = self._standing().get(message)
        return found.content.plain if found is not None else self._said[message]

    async def seen(self, name: str) -> list[Seen]:
        """Return what somebody sees of the bot: what it performed, as far as the tester sees it too."""
        account = self.player(name).account
        found = [await self._look(one) for one in self._standing().values() if one.only_to in ("", account)]
        return [seen for seen in found if seen is not None]

    async def answers(self, name: str, handle: str) -> list[Seen]:
        """Return what answered, as far as the tester sees it too."""
        wanted = self._handles[int(handle.partition(" ")[2]) - 1]
        found = [await self._look(one) for one in self._standing().values() if one.handle == wanted]
        return [seen for seen in found if seen is not None]

    async def _look(self, message: Standing) -> Seen | None:
        """Let the tester look at a message, once at each of its looks."""
        question = self._question(message)
        if question not in self._looked:
            assert await self.tester.judge(question), f"the tester says no: {question}"
            self._looked.add(question)
        if message.gone:
            return None
        private, shown = message.only_to != "", message.content.picture
        picture = title(shown.png) if shown is not None else ""
        return Seen(message.id, message.content.plain, tuple(message.buttons), private, message.edits, picture)

    def _question(self, message: Standing) -> str:
        head, words = f"{self.place.title} · in {self.place.called}:", message.content.plain
        if message.gone:
            return f"{head} {quoted(words)} is gone; is it so?"
        names = [name for name, player in self.cast.items() if player.account == message.only_to]
        one = names[0] if names and self.most_people > 1 else "you"
        whom = f"{one} and nobody else" if message.only_to else "everybody"
        buttons = f", with the buttons {' | '.join(message.buttons)}" if message.buttons else ""
        picture = f", with a picture ({message.content.picture.alt})" if message.content.picture is not None else ""
        return f"{head} this is shown to {whom}, word for word{buttons}{picture}: “{words}”; is it so?"

    async def promote(self, name: str) -> None:
        """Ask for somebody to be made an admin, of which bots are told nothing that the core hears."""
        if not await self.tester.judge(f"{self.act(name).head} is an admin of the chat now; is it so?"):
            pytest.skip(f"the tester cannot make {name} an admin")
        self.player(name).admin = True

    async def repeat(self) -> None:
        """Fail: nobody can make the platform do that."""
        raise AssertionError("a real platform tells nothing twice when asked to")
