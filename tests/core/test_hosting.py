"""What adapters get from the core."""

import msgspec
from sqlalchemy import select
from structlog.testing import capture_logs

from xiaoer import AdapterError, Membership, Statement, Unreachable, Who
from xiaoer.buttons import ButtonSigner
from xiaoer.hosting import AppHost
from xiaoer.tables import accounts
from xiaoer.testing import Town, play
from xiaoer.testing.clock import START
from xiaoer.testing.scene import ADMINS, KEY, SPACE
from xiaoer_welcome import Welcome

NAMES = Statement(select(accounts))


def host_of(town: Town) -> AppHost:
    return AppHost(town.app, "fake", ButtonSigner(KEY))


async def test_failed_work_of_an_adapter_is_begun_again_after_a_growing_pause_and_the_app_goes_on() -> None:
    async with play() as town:
        began: list[float] = []

        async def work() -> None:
            began.append(town.clock.monotonic())
            raise OSError("the line is dead")

        task = host_of(town).supervise(work, "line")
        await town.clock.advance(10)
        task.cancel()
        assert began == [0, 1, 3, 7]
        assert town.app.failure is None


async def test_work_that_went_well_for_a_minute_is_begun_again_soon() -> None:
    async with play() as town:
        began: list[float] = []

        async def work() -> None:
            began.append(town.clock.monotonic())
            if len(began) == 3:
                await town.clock.sleep(61)
            raise OSError("the line is dead")

        task = host_of(town).supervise(work, "line")
        await town.clock.advance(66)
        task.cancel()
        assert began == [0, 1, 3, 65]


async def test_what_the_platform_does_to_an_adapter_is_one_line_of_the_log_and_it_begins_again() -> None:
    async with play() as town:
        began: list[float] = []

        async def work() -> None:
            began.append(town.clock.monotonic())
            raise Unreachable(1.0, "the platform cannot be reached")

        with capture_logs() as logs:
            task = host_of(town).supervise(work, "line")
            await town.clock.advance(2)
            task.cancel()
        assert began == [0, 1]
        waits = [log for log in logs if log["event"] == "adapter waits"]
        assert [log["reason"] for log in waits] == ["the platform cannot be reached"] * 2
        assert not any("exc_info" in log for log in waits)


async def test_an_adapter_that_cannot_go_on_is_switched_off_and_the_admins_are_told() -> None:
    async with play() as town:

        async def work() -> None:
            raise AdapterError("the token is not accepted")

        await host_of(town).supervise(work, "line")
        await town.settle()
        assert town.messages(ADMINS)[-1].text == "fake has been switched off: the token is not accepted"
        assert town.app.failure is None


async def test_members_are_known_with_their_names_and_since_when_they_are_there() -> None:
    async with play() as town:
        await town.say("bob", "was here before")
        await town.clock.advance(60)
        await town.join("ann")
        await town.join("cid")
        await town.leave("cid")
        since = START.replace(minute=1)
        assert await host_of(town).members(SPACE) == {
            "fake:bob": Membership("Bob", None),
            "fake:ann": Membership("Ann", since),
        }


async def test_what_an_event_does_not_tell_of_a_person_stays_known() -> None:
    async with play() as town:
        town.person("ann", locale="zh")
        await town.join("ann")
        await town.tell(msgspec.structs.replace(town.writing("ann", "tea"), who=Who("fake:ann", "")))
        (row,) = [row for row in await town.rows(NAMES) if row.account == "fake:ann"]
        assert (row.name, row.locale) == ("Ann", "zh")


async def test_a_button_is_known_by_its_community() -> None:
    async with play(Welcome, config={"welcome": {"rules": "Be kind."}}) as town:
        await town.join("ann")
        button = town.last("ann").buttons[0].id
        host = host_of(town)
        assert host.community_of(button, ["village", "town"]) == "town"
        assert host.community_of(button, ["village"]) is None
        assert host.community_of(f"{button[:-1]}x", ["town"]) is None
