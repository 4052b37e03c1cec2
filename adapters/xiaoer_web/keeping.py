"""What the bot does to members of the sandbox: badges, gates, letting in and sending out."""

from __future__ import annotations

from xiaoer import Decide, Gate, Hopeless, Host, MemberJoined, MemberLeft, Remove, Transaction, Wear
from xiaoer_web.entry import Waiting
from xiaoer_web.people import OWNERS, Person, person_of
from xiaoer_web.rooms import MEMBER, go, let_in, speak
from xiaoer_web.standing import Standing


class Keeping:
    """Does what is asked to be done to members.

    Args:
        host: takes events in.
        standing: how people stand.
    """

    def __init__(self, host: Host, standing: Standing) -> None:
        self._host = host
        self._badges = standing.badges
        self._gates = standing.gates
        self._entry = standing.entry

    async def perform(self, request: Wear | Gate | Decide | Remove) -> None:
        """Do it; what is done already is a success.

        Raises:
            Hopeless: badges are given to nobody, a gate is put before nothing, or who is in charge is to be removed.
        """
        match request:
            case Wear():
                await self._wear(request)
            case Gate():
                await self._gate(request)
            case Decide():
                await self._decide(request)
            case Remove():
                await self._remove(request)

    async def _gate(self, request: Gate) -> None:
        if request.badge is not None and request.chat not in self._chats(request.chat.partition("/")[0]):
            raise Hopeless(f"there is no chat {request.chat}", "web.gate.nowhere")
        await self._host.store.transact(self._gates.put, request)

    def _chats(self, space: str) -> list[str]:
        named = [chat for one in self._host.communities() for chats in one.chats.values() for chat in chats]
        return [chat for chat in named if chat.startswith(f"{space}/")] or [f"{space}/main"]

    async def _person(self, request: Decide | Remove) -> Person | None:
        # who has just come in is in the tables before pages know them
        rows = await self._host.store.read(MEMBER, **_place(request))
        return person_of(rows[0]) if rows else None

    async def _wear(self, request: Wear) -> None:
        if not await self._host.store.transact(self._put_on, request) and request.badges:
            raise Hopeless(f"{request.account} is not in {request.chat}", "web.badge.nobody")

    def _put_on(self, tx: Transaction, request: Wear) -> bool:
        row = tx.one(MEMBER, **_place(request))
        if row is None or not row.here:
            return False
        self._badges.wear(tx, row.space, row.id, request.plugin, request.badges)
        return True

    async def _decide(self, request: Decide) -> None:
        person = await self._person(request)
        asked = self._entry.waits(person.space, person.id) if person is not None else None
        if person is None or asked is None or asked.handle != request.handle:
            return
        if not request.admit:
            await self._host.store.transact(self._turn_away, asked, request)
            return
        joined = MemberJoined(
            key=f"{asked.handle}/in",
            at=self._host.clock.now(),
            space=asked.space,
            chat=asked.chat,
            who=person.who,
            source=asked.source,
        )
        await self._host.submit(joined, lambda tx: self._let_in(tx, asked, request))

    def _turn_away(self, tx: Transaction, asked: Waiting, request: Decide) -> None:
        if self._entry.decided(tx, asked):
            self._tell(tx, asked, request)

    def _let_in(self, tx: Transaction, asked: Waiting, request: Decide) -> None:
        if self._entry.decided(tx, asked):
            let_in(tx, asked.space, asked.person)
            self._tell(tx, asked, request)

    def _tell(self, tx: Transaction, asked: Waiting, request: Decide) -> None:
        if request.content is not None:
            speak(tx, request.id, asked.chat, request.content, self._host.clock.now(), asked.person, None)

    async def _remove(self, request: Remove) -> None:
        person = await self._person(request)
        if person is None or not person.here:
            return
        if person.role in OWNERS:  # as on the other platforms
            raise Hopeless(f"{request.account} is in charge here", "web.removal_of_admin")
        left = MemberLeft(
            key=f"web:{request.id}",
            at=self._host.clock.now(),
            space=person.space,
            chat=f"{person.space}/main",
            who=person.who,
        )
        await self._host.submit(left, lambda tx: self._send_out(tx, person))

    def _send_out(self, tx: Transaction, person: Person) -> None:
        go(tx, person.space, person.id)
        self._badges.strip_all(tx, person.space, person.id)


def _place(request: Wear | Decide | Remove) -> dict[str, str]:
    return {"room": request.chat.partition("/")[0], "person": request.account.removeprefix("web:")}
