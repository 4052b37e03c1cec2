"""What people are shown: who brought most, the tree, why, the audit and the report."""

import io

import pytest
from msgspec.structs import replace
from PIL import Image
from tests.plugins.xiaoer_referral.scene import UNKNOWN, address, ask, bring, either, ripe, village

from xiaoer import JoinSource


async def test_who_brought_most_stands_first() -> None:
    async with village("ann", "bob", stay_days=0) as town:
        assert "Nobody has brought anybody" in await ask(town, "ann", "/invite top")
        for inviter, newcomer in (("ann", "c1"), ("bob", "c2"), ("bob", "c3")):
            await bring(town, inviter, newcomer)
            await town.say(newcomer, "hi")
        text = await ask(town, "ann", "/invite top")
        assert text.splitlines()[1:] == ["1. Bob  2 · 40 points", "2. Ann  1 · 20 points"]


async def test_the_tree_shows_who_came_by_whom_in_words_and_as_a_picture() -> None:
    async with village("ann", "zoe") as town:
        await bring(town, "ann", "bob")
        await bring(town, "bob", "cat")
        answer = await town.use("ann", "/invite tree")
        assert answer is not None
        assert answer.text.splitlines()[1:] == ["• Ann (2)", "　└ Bob (1)", "　　└ Cat"]
        assert answer.picture is not None
        assert answer.picture.png.startswith(b"\x89PNG")
        assert (await ask(town, "ann", "/invite tree bob")).splitlines()[1:] == ["• Bob (1)", "　└ Cat"]
        assert "Nobody has come by anybody" in await ask(town, "ann", "/invite tree zoe")


async def test_why_tells_the_facts_one_after_the_other() -> None:
    async with village("ann", "bob") as town:
        await bring(town, "ann", "ben")
        text = await ask(town, "ben", "/invite why")
        assert "Ben came" in text
        assert "by somebody's link (exact)" in text
        assert "Brought by Ann." in text
        assert "Waiting: Ben stays until" in text
        await ripe(town, "ben")
        assert "Paid" in await ask(town, "bob", "/invite why ben")
        assert "Whom Ann brought:\nNo. 3 Ben: Paid" in await ask(town, "bob", "/invite why @ann")
        await town.join("cat", either(await address(town, "ann"), await address(town, "bob")))
        assert "It may have been by Ann, Bob, or by none of them." in await ask(town, "cat", "/invite why")


async def test_the_report_adds_up_by_way_and_certainty() -> None:
    async with village("ann") as town:
        await bring(town, "ann", "b1")
        await bring(town, "ann", "b2")
        await town.join("c", UNKNOWN)
        await town.join("d", JoinSource("public_link", "inferred"))
        answer = await town.use("boss", "/source report 3", role="secretary")
        assert answer is not None
        assert answer.text.splitlines() == [
            "How people came: 5 in 3 days",
            "by somebody's link: 2 (exact 2)",
            "by a public link: 1 (inferred 1)",
            "by name: 1 (exact 1)",
            "unknown: 1 (unknown 1)",
        ]
        assert answer.picture is not None
        assert Image.open(io.BytesIO(answer.picture.png)).width == 1_000


@pytest.mark.parametrize("command", ["/invite audit", "/invite revoke ann", "/source report"])
async def test_what_is_for_admins_is_refused_to_others(command: str) -> None:
    async with village("ann") as town:
        assert "secretary" in (await ask(town, "ann", command)).lower()


async def test_the_audit_says_when_there_is_nothing_and_what_there_is() -> None:
    async with village("ann", mass=1) as town:
        assert "Nothing looks strange" in await ask(town, "boss", "/invite audit", role="secretary")
        await bring(town, "ann", "b1")
        await bring(town, "ann", "b2")
        text = await ask(town, "boss", "/invite audit")
        assert [line[:5] for line in text.splitlines()[1:]] == ["No. 2", "No. 3"]
        assert "waits for no decision" in await ask(town, "boss", "/invite audit 99 approve")


async def test_names_are_data_and_mention_nobody() -> None:
    async with village("ann") as town:
        town.person("ben")
        joining = town.joining("ben", JoinSource("referral", "exact", by="fake:ann"))
        evil = "@everyone **x** <b>\u202e" + "y" * 200
        await town.tell(replace(joining, who=replace(joining.who, name=evil)))
        text = await ask(town, "ann", "/invite tree")
        line = text.splitlines()[2]
        assert len(line) < 60
        assert "**x**" in line
