"""Badges follow the seats: put on, put right, taken off, handed on; what cannot be seen is said once."""

from tests.plugins.xiaoer_tier_badges.scene import admin, ask, hall, link, private, small

from xiaoer import BadgesChanged, Hopeless, NotPermitted, Receipt, Request, TryLater, Wear
from xiaoer.linking import PART
from xiaoer.testing import Town
from xiaoer.testing.scene import ADMINS, SPACE
from xiaoer.transaction import Transaction
from xiaoer_tier_badges.wearing import REPAIRS

HERE, THERE = "fake:town", "fake:founders"


async def seated(town: Town, *people: str) -> None:
    """Give people seats, one after the other."""
    for name in people:
        await admin(town, f"/seat offer {name}")
        await ask(town, name, "/seat confirm")


def tags(town: Town, name: str, space: str = SPACE) -> list[str]:
    return [badge.tag for badge in town.badges(name, "tier_badges", space=space)]


async def stripped(town: Town, name: str) -> None:
    """Let somebody take by hand what a person wears."""
    take = town.strip
    await take(name)


def asked(town: Town) -> int:
    return sum(isinstance(request, Wear) for request in town.fake.requests)


async def test_a_confirmed_seat_puts_its_badge_on() -> None:
    async with hall("ann", tracks=small()) as town:
        await seated(town, "ann")
        (badge,) = town.badges("ann", "tier_badges")
        assert (badge.kind, badge.tag, badge.name) == ("partner.tea.first", "First·01", "Tea · First")


async def test_an_offer_alone_puts_nothing_on() -> None:
    async with hall("ann", tracks=small()) as town:
        await admin(town, "/seat offer ann tea 1")
        assert asked(town) == 0


async def test_a_seat_given_up_takes_its_badge_off() -> None:
    async with hall("ann", tracks=small()) as town:
        await seated(town, "ann")
        await ask(town, "ann", "/seat vacate tea 1")
        assert tags(town, "ann") == []


async def test_a_seat_handed_on_takes_its_badge_along() -> None:
    async with hall("ann", "ben", tracks=small()) as town:
        await seated(town, "ann")
        await ask(town, "ann", "/seat transfer ben")
        await town.press("ben", "agree")
        assert (tags(town, "ann"), tags(town, "ben")) == ([], ["First·01"])


async def test_a_holder_who_comes_into_another_space_wears_it_there_too() -> None:
    async with hall("ann", spaces=(HERE, THERE), tracks=small()) as town:
        await seated(town, "ann")
        await town.join("ann", space=THERE)
        assert tags(town, "ann", THERE) == ["First·01"]


async def test_who_holds_nothing_is_asked_to_wear_nothing() -> None:
    async with hall("ann", tracks=small()) as town:
        await town.join("ben")
        assert asked(town) == 0


async def test_what_is_taken_by_hand_is_put_right() -> None:
    async with hall("ann", tracks=small()) as town:
        await seated(town, "ann")
        await stripped(town, "ann")
        assert tags(town, "ann") == ["First·01"]


async def test_somebody_who_takes_badges_each_time_wins_and_the_admins_hear_it_once() -> None:
    async with hall("ann", tracks=small()) as town:
        await seated(town, "ann")
        for _ in range(REPAIRS + 3):
            await stripped(town, "ann")
        assert tags(town, "ann") == []
        assert len([m for m in town.messages(ADMINS) if "keeps changing the badges of Ann" in m.text]) == 1
        await town.pass_time(hours=1)
        for _ in range(REPAIRS + 3):
            await stripped(town, "ann")
        assert len([m for m in town.messages(ADMINS) if "keeps changing" in m.text]) == 1


async def test_after_an_hour_badges_are_put_right_again() -> None:
    async with hall("ann", tracks=small()) as town:
        await seated(town, "ann")
        for _ in range(REPAIRS + 1):
            await stripped(town, "ann")
        await town.pass_time(hours=1)
        await stripped(town, "ann")
        assert tags(town, "ann") == ["First·01"]


async def test_what_changes_while_badges_are_put_on_is_their_own_doing() -> None:
    async with hall("ann", tracks=small()) as town:
        _refusing(town, TryLater(5, "wait"), None)
        await seated(town, "ann")
        before = asked(town)
        await stripped(town, "ann")
        await town.pass_time(seconds=10)
        assert asked(town) == before + 1
        assert tags(town, "ann") == ["First·01"]


async def test_a_badge_that_somebody_was_given_by_hand_is_taken() -> None:
    async with hall("ann", "ben", tracks=small()) as town:
        await seated(town, "ann")
        town.fake.badges[SPACE, "fake:ben", "tier_badges"] = town.badges("ann", "tier_badges")
        who = town.person("ben")
        await town.tell(BadgesChanged(key=town.key("badges"), at=town.now(), space=SPACE, who=who))
        assert tags(town, "ben") == []


async def test_linked_accounts_wear_the_badge_of_their_person_after_the_night_and_lose_it_when_unlinked() -> None:
    async with hall("ann", "second", tracks=small()) as town:
        await seated(town, "ann")
        await link(town, "second", "ann")
        await town.pass_time(days=1)
        assert tags(town, "second") == ["First·01"]
        await town.app.store.transact(Transaction.run, PART, who="fake:second")
        await town.pass_time(days=1)
        assert (tags(town, "ann"), tags(town, "second")) == (["First·01"], [])


async def test_the_repair_reaches_everybody_in_parts_and_says_how_many() -> None:
    people = [f"p{n}" for n in range(17)]
    async with hall(*people, tracks={"partner": {"open": True}}) as town:
        for name in people:
            await ask(town, name, "/seat confirm")
        town.fake.badges.clear()
        assert "The badges of 17 people" in await admin(town, "/badge repair")
        assert all(tags(town, name) for name in people)


async def test_who_cannot_wear_it_is_told_why_once_and_sees_it_by_command() -> None:
    async with hall("ann", tracks=small()) as town:
        await admin(town, "/seat offer ann")
        _refusing(town)
        await ask(town, "ann", "/seat confirm")
        await town.pass_time(days=2)
        told = [text for text in private(town, "ann") if "cannot be seen on Fake" in text]
        assert len(told) == 1
        assert "cannot be seen there" in await ask(town, "ann", "/badge")


async def test_what_something_newer_took_the_place_of_is_not_told() -> None:
    async with hall("ann", tracks=small()) as town:
        why = Hopeless("user is an administrator", "xiaoer.person.unknown", name="Ann")
        _refusing(town, TryLater(5, "wait"), why, None)
        await seated(town, "ann")
        await admin(town, "/badge repair")
        await town.pass_time(seconds=10)
        assert tags(town, "ann") == ["First·01"]
        assert [text for text in private(town, "ann") if "cannot be seen" in text] == []


def _refusing(town: Town, *errors: Exception | None) -> None:
    """Let the platform refuse badges with these errors, one each and the last one for ever."""
    left = list(errors) or [Hopeless("user is an administrator", "xiaoer.person.unknown", name="Ann")]
    perform = town.fake.perform

    def refusing(request: Request) -> Receipt:
        if isinstance(request, Wear) and (error := left.pop(0) if len(left) > 1 else left[0]) is not None:
            raise error
        return perform(request)

    town.fake.perform = refusing  # type: ignore[method-assign]


async def test_a_missing_right_is_left_to_the_admins() -> None:
    async with hall("ann", tracks=small()) as town:
        _refusing(town, NotPermitted("missing permissions"))
        await seated(town, "ann")
        assert [text for text in private(town, "ann") if "cannot be seen" in text] == []
        assert "the admins know which" in await ask(town, "ann", "/badge show")


async def test_everybody_can_see_somebodys_badges_and_the_certificate() -> None:
    async with hall("ann", "ben", tracks=small()) as town:
        await seated(town, "ann")
        answer = await town.use("ben", "/badge show ann")
        assert answer is not None
        assert "First·01" in answer.text
        assert answer.picture is not None
        assert answer.picture.data["name"] == "Ann"


async def test_who_has_no_seat_is_told_how_badges_come() -> None:
    async with hall("ann", tracks=small()) as town:
        assert "comes with a confirmed seat" in await ask(town, "ann", "/badge")


async def test_a_confirmed_seat_comes_with_its_certificate() -> None:
    async with hall("ann", tracks=small()) as town:
        await seated(town, "ann")
        (found,) = [message for message in town.seen_by("ann") if message.picture is not None]
        assert found.only_to == "fake:ann"
        assert found.picture is not None
        assert found.picture.data["number"] == 1
        assert found.picture.alt == "Certificate of seat 1 in Town for Ann"


async def test_the_certificate_is_in_the_language_of_its_holder() -> None:
    async with hall("ann", tracks=small()) as town:
        town.person("ann", locale="zh-hans")
        await seated(town, "ann")
        (found,) = [message for message in town.seen_by("ann") if message.picture is not None]
        assert found.picture is not None
        assert found.picture.data["locale"] == "zh"


async def test_a_badge_is_forgotten_where_somebody_left() -> None:
    async with hall("ann", spaces=(HERE, THERE), tracks=small()) as town:
        await town.join("ann", space=THERE)
        await seated(town, "ann")
        await town.leave("ann", space=THERE)
        before = asked(town)
        await admin(town, "/badge repair")
        assert asked(town) == before + 1
