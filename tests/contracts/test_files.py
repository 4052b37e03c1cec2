"""What every adapter promises about the messages that commands are used on, and about files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
from tests.contracts.discord_stage import DiscordStage
from tests.contracts.stage import Attached, Stage
from tests.contracts.telegram_stage import TelegramStage
from tests.contracts.web_stage import WebStage
from tests.png import png

PHOTO = Attached("photo", "tea.png", png("red"), "image/png")
FILES = [
    PHOTO,
    Attached("video", "tea.mp4", b"\0\0\0\x18ftypisom" + bytes(range(256)), "video/mp4"),
    Attached("file", "茶单.pdf", b"%PDF-1.7\n" + bytes(range(256)), "application/pdf"),
    Attached("file", "leaf.gif", b"GIF89a" + bytes(range(256)), "image/gif"),
    Attached("file", "leaf.txt", "龙井茶 🍵\n".encode(), "text/plain"),
]
STAGES: tuple[type[Stage], ...] = (WebStage, TelegramStage, DiscordStage)


@pytest.fixture(params=STAGES, ids=[kind.platform for kind in STAGES])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    kind: type[Stage] = request.param
    async with kind(tmp_path) as found:
        await found.bring("Ann")
        await found.bring("Bob")
        yield found


async def test_a_command_tells_what_it_was_used_on(stage: Stage) -> None:
    message = await stage.write("Ann", "a script for *tea* 🍵")
    handle = await stage.use_on("Bob", "look", message)
    await stage.settle()
    assert await stage.notes("look") == [("look", "Ann", "text: a script for *tea* 🍵", "")]
    assert [answer.text for answer in await stage.answers("Bob", handle)] == ["look: True -"]


async def test_a_command_that_is_used_on_nothing_tells_so(stage: Stage) -> None:
    await stage.write("Ann", "a script")
    handle = await stage.use("Bob", "look")
    await stage.settle()
    assert await stage.notes("look") == []
    (answer,) = await stage.answers("Bob", handle)
    assert (answer.private, "/look is used on a message" in answer.text) == (True, True)


async def kept(stage: Stage, file: Attached, text: str = "look") -> str:
    """Let Ann post a file and Bob keep it; return under which digest it is."""
    message = await stage.attach("Ann", text, file)
    await stage.use_on("Bob", "keep", message)
    await stage.settle()
    (note,) = await stage.notes("kept")
    return note[2]


async def test_a_command_tells_the_photo_of_what_it_was_used_on(stage: Stage) -> None:
    message = await stage.attach("Ann", "look at this", PHOTO)
    await stage.use_on("Bob", "look", message)
    await stage.settle()
    name = "" if stage.platform == "telegram" else "tea.png"
    assert await stage.notes("look") == [("look", "Ann", "photo: look at this", f"photo {name} {len(PHOTO.data)}")]


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
async def test_a_file_is_kept_and_sent_again_byte_for_byte(stage: Stage, file: Attached) -> None:
    digest = await kept(stage, file)
    assert digest == sha256(file.data).hexdigest()
    await stage.write("Ann", f"show {digest} here it is")
    await stage.settle()
    assert await stage.carried("Bob") == [("here it is", file.data)]


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
async def test_a_file_that_was_kept_before_a_restart_is_sent_after_it(stage: Stage, kill: bool) -> None:
    digest = await kept(stage, PHOTO)
    await stage.restart(kill=kill)
    await stage.write("Ann", f"show {digest} still here")
    await stage.settle()
    assert await stage.carried("Bob") == [("still here", PHOTO.data)]


async def test_a_message_with_a_file_changes_its_words_and_its_file(stage: Stage) -> None:
    first = await kept(stage, PHOTO)
    other = Attached("photo", "green.png", png("green"), "image/png")
    await stage.use_on("Bob", "keep", await stage.attach("Ann", "", other))
    await stage.settle()
    second = sha256(other.data).hexdigest()
    for digest, words in ((first, "one"), (first, "two"), (second, "three")):
        await stage.write("Ann", f"show {digest} {words}")
        await stage.settle()
    assert await stage.carried("Bob") == [("three", other.data)]
    assert [
        (seen.text, seen.buttons) for seen in await stage.seen("Usher") if seen.text in ("one", "two", "three")
    ] == [("three", ("quiet", "loud", "mute", "slow"))]


async def test_a_file_that_is_too_large_is_told_so(stage: Stage) -> None:
    large = Attached("file", "long.txt", b"x" * (10 * 2**20 + 1), "text/plain")
    assert await kept(stage, large) == ""
    assert any("The file is too large: at most 10 MB" in seen.text for seen in await stage.seen("Bob"))


async def test_a_file_that_nobody_should_run_is_told_so(stage: Stage) -> None:
    assert await kept(stage, Attached("file", "tea.exe", b"MZ\x90\0" * 9, "application/pdf")) == ""
    assert any("Files of this kind are not kept here" in seen.text for seen in await stage.seen("Bob"))


async def test_a_file_that_is_kept_no_more_leaves_its_message_the_words(stage: Stage) -> None:
    await stage.write("Ann", f"show {'0' * 64} without")
    await stage.settle()
    assert [seen.text for seen in await stage.seen("Bob")] == ["without"]
    assert await stage.carried("Bob") == []
