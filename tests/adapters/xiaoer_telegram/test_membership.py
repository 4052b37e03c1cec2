"""Who came, in which way, who asks to come, who left, and whose tag was changed."""

from typing import Any

import pytest
from tests.adapters.xiaoer_telegram.updates import ANN, BEN, BOT, GROUP, WHEN, message, tell
from tests.simulators.telegram.world import ANONYMOUS, User, member_json

from xiaoer import AnyEvent, BadgesChanged, JoinRequested, JoinSource, MemberJoined, MemberLeft

ANN_ = User(5, "Ann", "zh-hans")
XIAOER = {"id": BOT, "is_bot": True, "first_name": "Xiaoer", "username": "xiaoer_bot"}
PUBLIC = GROUP | {"username": "teatown"}


def change(old: str, new: str, **fields: Any) -> dict[str, Any]:
    """Return how Ann's status changed."""
    return {
        "chat": GROUP,
        "from": ANN,
        "date": WHEN,
        "old_chat_member": member_json(ANN_, old),
        "new_chat_member": member_json(ANN_, new),
    } | fields


def link(creator: dict[str, Any], *, primary: bool = False) -> dict[str, Any]:
    return {
        "invite_link": "https://t.me/+abc",
        "creator": creator,
        "creates_join_request": False,
        "is_primary": primary,
        "is_revoked": False,
    }


def source(**fields: Any) -> JoinSource:
    (event,) = tell("chat_member", change("left", "member", **fields))
    assert isinstance(event, MemberJoined)
    return event.source


ALONE = JoinSource()
REFERRED = JoinSource("referral", "exact", by="telegram:6", invite="https://t.me/+abc")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ALONE),
        ({"from": BEN}, JoinSource("pulled_in", "exact", by="telegram:6")),
        ({"from": ANONYMOUS}, JoinSource("pulled_in", "exact", by="telegram:-1001")),
        ({"invite_link": link(BEN)}, REFERRED),
        ({"invite_link": link(BEN), "via_join_request": True, "from": BEN}, REFERRED),
        ({"invite_link": link(XIAOER)}, JoinSource("referral", "exact", invite="https://t.me/+abc")),
        ({"invite_link": link(BEN, primary=True)}, JoinSource("public_link", "exact", invite="https://t.me/+abc")),
        ({"via_chat_folder_invite_link": True}, JoinSource("public_link", "exact")),
        ({"from": BEN, "via_join_request": True}, ALONE),
        ({"chat": PUBLIC}, JoinSource("public_link", "inferred")),
        ({"chat": PUBLIC, "from": BEN}, JoinSource("pulled_in", "exact", by="telegram:6")),
        ({"chat": PUBLIC, "invite_link": link(BEN)}, REFERRED),
    ],
    ids=[
        "alone",
        "pulled in",
        "pulled in by an anonymous admin",
        "by a link",
        "by a link, let in by an admin",
        "by a link of the bot",
        "by the primary link",
        "by a folder",
        "let in by an admin",
        "a public group",
        "pulled into a public group",
        "a public group by a link",
    ],
)
def test_a_join_says_how_surely_somebody_came_in_which_way(fields: dict[str, Any], expected: JoinSource) -> None:
    assert source(**fields) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("left", "member", [MemberJoined]),
        ("kicked", "member", [MemberJoined]),
        ("left", "administrator", [MemberJoined]),
        ("left", "restricted", [MemberJoined]),
        ("restricted away", "restricted", [MemberJoined]),
        ("member", "left", [MemberLeft]),
        ("administrator", "kicked", [MemberLeft]),
        ("restricted", "restricted away", [MemberLeft]),
        ("restricted", "kicked", [MemberLeft]),
        ("member", "administrator", []),
        ("member", "restricted", []),
        ("administrator", "creator", []),
        ("left", "kicked", []),
        ("kicked", "left", []),
        ("restricted away", "left", []),
    ],
)
def test_only_coming_and_going_is_told(old: str, new: str, expected: list[type]) -> None:
    assert [type(event) for event in tell("chat_member", change(old, new))] == expected


def retag(
    old: str, new: str, before: str = "member", after: str = "member", *, by: dict[str, Any] = ANN
) -> list[AnyEvent]:
    """Return what is told when somebody's tag and status become something else."""
    payload = change(before, after, **{"from": by})
    for member, tag in ((payload["old_chat_member"], old), (payload["new_chat_member"], new)):
        member.update({"tag": tag} if tag else {})
    return tell("chat_member", payload)


@pytest.mark.parametrize(
    "events",
    [
        retag("", "07"),
        retag("07", "", by=BEN),
        retag("07", "08", "restricted", "member"),
        retag("07", "", "member", "administrator"),
        retag("", "", "administrator", "member"),
    ],
    ids=["given", "taken", "changed with restrictions", "taken by a title", "possible again"],
)
def test_a_tag_that_people_changed_is_told_of_with_whose_it_is(events: list[AnyEvent]) -> None:
    (event,) = events
    assert isinstance(event, BadgesChanged)
    assert (event.key, event.space, event.who.account) == ("telegram:42:9", "telegram:-1001", "telegram:5")


def test_a_tag_is_not_told_of_that_the_bot_itself_set_or_that_stayed_or_whose_wearer_came_or_went() -> None:
    assert retag("", "07", by=XIAOER) == retag("07", "07") == retag("07", "07", "member", "restricted") == []
    assert [type(event) for event in retag("07", "", "member", "left")] == [MemberLeft]
    assert [type(event) for event in retag("", "07", "left", "member")] == [MemberJoined]


def request(**fields: Any) -> JoinRequested:
    asked = {"chat": GROUP, "from": ANN, "user_chat_id": 77, "date": WHEN} | fields
    (event,) = tell("chat_join_request", asked)
    assert isinstance(event, JoinRequested)
    return event


def test_a_join_request_says_who_asks_and_how_they_can_be_written_to() -> None:
    event = request()
    assert (event.key, event.space, event.chat) == ("telegram:42:9", "telegram:-1001", None)
    assert (event.who.account, event.who.locale, event.source) == ("telegram:5", "zh-hans", ALONE)
    assert event.handle == "77/telegram:42:9"  # where to write, and which of somebody's requests it is


def test_a_join_request_says_how_surely_somebody_found_the_group_in_which_way() -> None:
    assert request(invite_link=link(BEN)).source == REFERRED
    assert request(invite_link=link(BEN, primary=True)).source.kind == "public_link"
    assert request(chat=PUBLIC).source == JoinSource("public_link", "inferred")


def test_a_join_request_of_a_group_that_is_none_of_ours_is_nothing() -> None:
    asked = {"chat": GROUP | {"id": -5}, "from": ANN, "user_chat_id": 5, "date": WHEN}
    assert tell("chat_join_request", asked) == []


def test_a_leave_names_who_removed_somebody_and_nobody_else() -> None:
    def by(**fields: Any) -> list[str | None]:
        events = tell("chat_member", change("member", "kicked", **fields))
        return [event.by for event in events if isinstance(event, MemberLeft)]

    assert (by(), by(**{"from": BEN}), by(**{"from": ANONYMOUS})) == ([None], ["telegram:6"], ["telegram:-1001"])


NEWCOMERS = message(new_chat_members=[ANN, {"id": 8, "is_bot": False, "first_name": "Cid"}], sender=BEN)
GONE = message(left_chat_member=ANN, sender=BEN)


def who(events: list[AnyEvent]) -> list[tuple[str, str, str | None]]:
    return [
        (event.key, event.who.account, event.source.by if isinstance(event, MemberJoined) else event.by)
        for event in events
        if isinstance(event, MemberJoined | MemberLeft)
    ]


def test_service_messages_tell_who_came_and_left_where_the_bot_is_no_admin() -> None:
    assert who(tell("message", NEWCOMERS, leads=False)) == [
        ("telegram:42:9:5", "telegram:5", "telegram:6"),
        ("telegram:42:9:8", "telegram:8", "telegram:6"),
    ]
    assert who(tell("message", GONE, leads=False)) == [("telegram:42:9", "telegram:5", "telegram:6")]


def test_somebody_who_came_alone_was_pulled_in_by_nobody() -> None:
    (event,) = tell("message", message(new_chat_members=[ANN]), leads=False)
    assert isinstance(event, MemberJoined)
    assert event.source == ALONE


def test_somebody_who_came_from_a_group_of_chats_is_told_too() -> None:
    joined = message(community_chat_joined={"community": {"id": 1, "name": "Teas"}})
    assert who(tell("message", joined, leads=False)) == [("telegram:42:9:5", "telegram:5", None)]


def test_service_messages_tell_nothing_twice_to_an_admin() -> None:
    assert tell("message", NEWCOMERS) == tell("message", GONE) == []
