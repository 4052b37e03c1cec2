"""The seats' hooks, commands and buttons: they look and queue.

Counter, waitlist, handover and desk decide about seats; porter, wearing and clerk about gates, badges and the roll.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import BaseModel

from xiaoer import (
    ActionEnded,
    BadgesChanged,
    ButtonPressed,
    CommandUsed,
    Context,
    Cron,
    JoinRequested,
    MemberJoined,
    MemberLeft,
    Misfire,
    Plugin,
    Range,
    ReferralConfirmed,
    Refusal,
    Rest,
    Role,
    ScheduleDue,
    button,
    command,
    continuation,
    on_badges,
    on_join,
    on_join_request,
    on_leave,
    on_referral,
    on_schedule,
    picture,
)
from xiaoer_tier_badges import (
    absence,
    certificate,
    clerk,
    counter,
    desk,
    handover,
    merit,
    porter,
    press,
    review,
    wearing,
)
from xiaoer_tier_badges.certificate import CertificateData
from xiaoer_tier_badges.config import MOST_SEATS, TierBadgesConfig
from xiaoer_tier_badges.counter import Wish
from xiaoer_tier_badges.seat import Place

Here = Context[TierBadgesConfig]
Number = Annotated[int, Range(1, MOST_SEATS)]


class TierBadges(Plugin[TierBadgesConfig]):
    """Numbered partner seats: offered, confirmed, handed on and shown, each number given once."""

    name: ClassVar[str] = "tier_badges"
    config: ClassVar[type[BaseModel]] = TierBadgesConfig
    capabilities: ClassVar[dict[str, Role]] = {"tier_badges.manage": "secretary"}

    def timers(self, config: TierBadgesConfig) -> Iterable[Cron]:
        """Return when it is looked who deserves a seat, whether all badges are right, and whether all gates stand."""
        yield Cron("review", "17 * * * *", Misfire("merge"))
        yield Cron("night", "41 4 * * *", Misfire("merge"))
        if any(not gate.whole for gate in config.gates):
            yield Cron("gates", "*/10 * * * *", Misfire("merge"))

    @picture("certificate")
    def draw_certificate(self, data: dict[str, Any]) -> bytes:
        """Draw the certificate of a seat."""
        return certificate.certificate(cast("CertificateData", data))

    @on_join
    async def arrive(self, ctx: Here, event: MemberJoined) -> None:
        """Let who comes back have their seats still."""
        ctx.transact(absence.returned, event.who.account)
        ctx.transact(porter.arrive, ctx.config, event.space, event.who.account)

    @on_leave
    async def depart(self, ctx: Here, event: MemberLeft) -> None:
        """Let the grace of who left begin."""
        ctx.transact(absence.left, event.who.account, ctx.config)
        ctx.transact(porter.depart, event.space, event.who.account)

    @on_join_request
    async def knock(self, ctx: Here, event: JoinRequested) -> None:
        """Let in at a gate who holds what it asks for."""
        ctx.transact(porter.decide, ctx.config, event)

    @on_badges
    async def mend(self, ctx: Here, event: BadgesChanged) -> None:
        """Put right what somebody wears."""
        ctx.transact(wearing.repair, ctx.config, event)

    @continuation("worn")
    async def worn(self, ctx: Here, event: ActionEnded) -> None:
        """Note whether badges can be seen."""
        ctx.transact(wearing.seen, event)

    @continuation("gated")
    async def gated(self, ctx: Here, event: ActionEnded) -> None:
        """Note whether a gate stands."""
        ctx.transact(porter.gated, event)

    @on_referral
    async def brought(self, ctx: Here, event: ReferralConfirmed) -> None:
        """Count who brought somebody."""
        try:
            name = (await ctx.find(event.inviter)).name
        except Refusal:  # they have left meanwhile
            name = event.inviter
        ctx.transact(merit.brought, event, name, ctx.config)

    @on_schedule
    async def due(self, ctx: Here, event: ScheduleDue) -> None:
        """Let an offer, a transfer or a grace be over, or look who deserves a seat."""
        match event.job.partition(".")[0]:
            case "offer":
                ctx.transact(counter.expire, event.data["offer"], ctx.config)
            case "transfer":
                ctx.transact(handover.expire, event.data["transfer"], ctx.config)
            case "gone":
                ctx.transact(absence.over, event.data["account"], ctx.config)
            case "fill":
                ctx.transact(review.fill, Place(event.data["track"], event.data["subject"]), ctx.config)
            case "grace":
                ctx.transact(porter.grace_over, ctx.config, event.data["account"], event.data["chat"])
            case "repair":
                ctx.transact(porter.go_on, ctx.config, event.data["nr"], event.data["after"])
            case "gates":
                ctx.transact(porter.shut, ctx.config)
            case "forget":
                ctx.transact(clerk.forget, event.data["digest"])
            case "night":
                ctx.transact(porter.look_after, ctx.config)
                ctx.transact(clerk.purge)
            case _:
                await review.look(ctx)

    @button("take")
    async def take(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Give somebody a seat by a board."""
        ctx.transact(press.take, event.who, int(data), ctx.config)

    @button("confirm")
    async def accept(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Give somebody the seat that they were offered."""
        ctx.transact(counter.pressed, event.who, int(data), ctx.config)

    @button("decline")
    async def turn_down(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Take somebody's word that they do not want a seat."""
        ctx.transact(counter.declined, event.who, int(data), ctx.config)

    @button("agree")
    async def agree(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Give somebody the seat that another hands on to them."""
        ctx.transact(press.agree, event.who, int(data), ctx.config)

    @button("refuse")
    async def refuse(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Take somebody's word that they do not want the seat of another."""
        ctx.transact(press.refuse, event.who, int(data), ctx.config)

    @command("seat me", default=True)
    async def mine(self, ctx: Here, event: CommandUsed) -> None:
        """Show your seats, offers and places on waiting lists."""
        ctx.transact(desk.mine, event.who, ctx.config)

    @command("seat registry")
    async def registry(
        self, ctx: Here, event: CommandUsed, subject: str = "", page: Annotated[int, Range(1, 10_000)] = 1
    ) -> None:
        """Show who has which seat."""
        del event
        ctx.transact(desk.registry, subject, page, ctx.config)

    @command("seat offer", needs="tier_badges.manage")
    async def offer(
        self, ctx: Here, event: CommandUsed, person: str, subject: str = "", number: Number | None = None
    ) -> None:
        """Offer somebody a seat."""
        ctx.transact(counter.offer, event.who, await ctx.find(person), Wish(subject, number), ctx.config)

    @command("seat open", needs="tier_badges.manage")
    async def open(self, ctx: Here, event: CommandUsed, subject: Rest | None = None) -> None:
        """Show everybody the seats that they may take."""
        ctx.transact(press.open_board, event.chat or event.space, subject or "", ctx.config)

    @command("seat confirm")
    async def confirm(self, ctx: Here, event: CommandUsed, subject: Rest | None = None) -> None:
        """Take the seat that you are offered."""
        ctx.transact(counter.confirm, event.who, subject or "", ctx.config)

    @command("seat decline")
    async def decline(self, ctx: Here, event: CommandUsed, subject: Rest | None = None) -> None:
        """Decline an offer, or keep the seat you were about to hand on."""
        ctx.transact(counter.decline, event.who, subject or "", ctx.config)

    @command("seat vacate")
    async def vacate(
        self, ctx: Here, event: CommandUsed, subject: str, number: Number, reason: Rest | None = None
    ) -> None:
        """Give up your seat."""
        ctx.transact(counter.give_up, event.who, subject, number, reason or "", ctx.config)

    @command("seat revoke", needs="tier_badges.manage")
    async def revoke(self, ctx: Here, event: CommandUsed, subject: str, number: Number, reason: Rest) -> None:
        """Take a seat from somebody."""
        ctx.transact(counter.revoke, event.who, subject, number, reason, ctx.config)

    @command("seat transfer")
    async def transfer(self, ctx: Here, event: CommandUsed, person: str, subject: Rest | None = None) -> None:
        """Hand your seat on."""
        ctx.transact(press.hand_on, event.who, await ctx.find(person), subject or "", ctx.config)

    @command("seat waitlist")
    async def waitlist(
        self, ctx: Here, event: CommandUsed, subject: str = "", do: Literal["show", "join", "leave"] = "show"
    ) -> None:
        """Show, join or leave a waiting list."""
        ctx.transact(press.wait, event.who, subject, do, ctx.config)

    @command("seat audit", needs="tier_badges.manage")
    async def audit(self, ctx: Here, event: CommandUsed, subject: str = "", number: Number | None = None) -> None:
        """Show what was done to seats, by whom and why."""
        del event
        ctx.transact(desk.audit, subject, number or 0, ctx.config)

    @command("seat import", needs="tier_badges.manage", on_message=True)
    async def take_in(self, ctx: Here, event: CommandUsed, table: Rest | None = None) -> None:
        """Read a roll of holders and say what would become of it; ``confirm`` lets it be so."""
        await clerk.take_in(ctx, event, table or "")

    @continuation("roll")
    async def kept(self, ctx: Here, event: ActionEnded) -> None:
        """Read the roll that hung on a message."""
        await clerk.kept(ctx, event)

    @button("roll")
    async def agree_to_roll(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Let an import be as it was shown."""
        await clerk.confirm(ctx, event.who, data)

    @command("seat export", needs="tier_badges.manage")
    async def write_out(self, ctx: Here, event: CommandUsed, subject: Rest | None = None) -> None:
        """Write the roll of holders into a file."""
        del event
        await clerk.write_out(ctx, subject or "")

    @command("badge show", default=True)
    async def show_badges(self, ctx: Here, event: CommandUsed, person: Rest | None = None) -> None:
        """Show somebody's badges and the certificate of their seat."""
        account, name = (event.who.account, event.who.name) if person is None else await ctx.find(person)
        ctx.transact(wearing.show, ctx.config, account, name)

    @command("badge repair", needs="tier_badges.manage")
    async def repair(self, ctx: Here, event: CommandUsed) -> None:
        """Put all badges and gates right."""
        del event
        ctx.transact(porter.repair, ctx.config)
