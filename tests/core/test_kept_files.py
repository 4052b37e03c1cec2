"""Files that plugins keep: fetched, stored once, counted for each plugin and community, and shown again."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import create_engine, inspect, select
from structlog.testing import capture_logs
from tests.png import png

from xiaoer import (
    ActionEnded,
    CommandUsed,
    Content,
    ContentError,
    Context,
    Gone,
    Hopeless,
    KeepFile,
    MessagePosted,
    NoConfig,
    Picture,
    Plugin,
    Quoted,
    SendMessage,
    Statement,
    Stored,
    Then,
    Transaction,
    TryLater,
    command,
    continuation,
    on_message,
)
from xiaoer.actions import BESIDE, encode_action, lane_of
from xiaoer.housekeeping import tidy
from xiaoer.migration import migrate
from xiaoer.tables import file_uses, kept_files, metadata, outbox
from xiaoer.testing import Town, play
from xiaoer.testing.scene import ADMINS, MAIN

Here = Context[NoConfig]
USES = Statement(select(file_uses.c.plugin, file_uses.c.uses).order_by(file_uses.c.plugin))
KEPT = Statement(select(kept_files.c.name, kept_files.c.mime, kept_files.c.data))
ACTIONS = Statement(select(outbox.c.action, outbox.c.state, outbox.c.chat).order_by(outbox.c.id))
TEA = png("red")
TEA_DIGEST = sha256(TEA).hexdigest()


class Keeper(Plugin[NoConfig]):
    """Keeps what it is used on, and shows it when it is asked to."""

    name: ClassVar[str] = "keeper"
    does: ClassVar[Callable[[Transaction], object]]
    ended: ClassVar[list[ActionEnded]]

    @command("keep", on_message=True)
    async def keep(self, ctx: Here, event: CommandUsed) -> None:
        assert event.quoted is not None
        for file in event.quoted.attachments:
            ctx.request(KeepFile(chat=event.chat or "", attachment=file, then=Then("kept", {"for": event.who.name})))

    @continuation("kept")
    async def kept(self, ctx: Here, event: ActionEnded) -> None:
        self.ended.append(event)
        words = ctx.text(event.why, **event.values) if event.why else (f"kept for {event.data['for']}",)
        ctx.send(MAIN, Content(words, file=Stored(event.file) if event.file else None))

    @on_message
    async def wrote(self, ctx: Here, event: MessagePosted) -> None:
        ctx.transact(type(self).do)
        if event.text.startswith("show"):
            _, digest, words = f"{event.text}  ".split(" ", 2)
            ctx.show("file", MAIN, Content((words.strip(),), file=Stored(digest, alt="a cup") if digest else None))
        if event.text == "file":
            row = await ctx.file(TEA_DIGEST)
            ctx.send(MAIN, Content((row.name if row is not None else "none",)))

    @classmethod
    def do(cls, tx: Transaction) -> None:
        """Do what the test says."""
        cls.does(tx)


class Other(Plugin[NoConfig]):
    """Another plugin."""

    name: ClassVar[str] = "other"


@pytest.fixture(autouse=True)
def nothing_yet() -> None:
    Keeper.ended = []
    Keeper.does = lambda tx: None


async def submit(town: Town, *data: bytes, name: str = "tea.png") -> list[str]:
    """Let Ann use the command on a message with files; return what was said then."""
    files = tuple(town.fake.attach(one, name, mime="image/png") for one in data)
    await town.use("ann", "/keep", quoted=Quoted("m", town.person("bob"), "look", "photo", files))
    await town.settle()
    return [message.text for message in town.messages()]


async def do(town: Town, what: Callable[[Transaction], object]) -> None:
    """Do something in the plugin's transaction."""
    Keeper.does = what
    await town.say("ann", "go")
    Keeper.does = lambda tx: None


async def test_a_file_is_kept_and_shown_again_byte_for_byte() -> None:
    async with play(Keeper) as town:
        assert await submit(town, TEA) == ["kept for Ann"]
        (message,) = town.messages()
        assert message.file == Stored(TEA_DIGEST, "tea.png", "image/png", "", TEA)
        assert [(row.name, row.mime, row.data) for row in await town.rows(KEPT)] == [("tea.png", "image/png", TEA)]


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
async def test_a_kept_file_is_there_after_a_restart(kill: bool) -> None:
    async with play(Keeper) as town:
        await submit(town, TEA)
        town.fake.files.clear()
        await town.restart(kill=kill)
        await town.say("ann", f"show {TEA_DIGEST} again")
        assert town.last("ann").file == Stored(TEA_DIGEST, "tea.png", "image/png", "a cup", TEA)


async def test_a_file_that_was_fetched_when_the_program_was_killed_is_kept_once() -> None:
    async with play(Keeper) as town:
        town.fake.hang = True
        file = town.fake.attach(TEA, "tea.png")
        event = town.using("ann", "/keep", quoted=Quoted("m", None, "", "photo", (file,)))
        await town.app.pipeline.submit(event)
        await town.until(lambda: bool(town.fake.requests))
        town.fake.hang = False
        await town.restart(kill=True)
        assert [(row.plugin, row.uses) for row in await town.rows(USES)] == [("keeper", 1)]
        assert [ended.file for ended in Keeper.ended] == [TEA_DIGEST]


async def test_bytes_travel_in_no_action_and_in_no_event() -> None:
    whole, bare = (SendMessage(chat="c", content=Content((), file=Stored("d", data=data))) for data in (TEA, b""))
    assert encode_action(whole) == encode_action(bare)
    async with play(Keeper) as town:
        with capture_logs() as logs:
            await submit(town, TEA)
        assert "PNG" not in repr(logs)
        assert "PNG" not in repr(Keeper.ended)
        assert {row.action for row in await town.rows(ACTIONS)} == {None}


@pytest.mark.parametrize(
    ("data", "words", "error"),
    [
        (b"x" * (2**20 + 1), "The file is too large: at most 1 MB are kept.", "over 1 MB"),
        (b"MZ\x90\0", "Files of this kind are not kept here, only: png, text.", "not kept"),
        (b"", "The file is empty", "empty"),
    ],
    ids=["large", "strange", "empty"],
)
async def test_a_file_that_is_not_kept_is_told_with_the_reason(data: bytes, words: str, error: str) -> None:
    async with play(Keeper, files={"largest": 1, "kinds": ("png", "text")}) as town:
        said = await submit(town, data)
        assert words in said[0]
        assert error in (Keeper.ended[0].error or "")
        assert Keeper.ended[0].file is None
        assert await town.rows(KEPT) == []
        assert town.messages(ADMINS) == []


@pytest.mark.parametrize(
    ("failure", "words"),
    [(Gone("no such file"), "not there any more"), (Hopeless("Missing Access"), "cannot be fetched: Missing Access")],
)
async def test_a_file_that_cannot_be_fetched_is_told_with_the_reason(failure: Exception, words: str) -> None:
    async with play(Keeper) as town:
        town.fake.failures.append(failure)
        assert words in (await submit(town, TEA))[0]


async def test_a_platform_that_asks_to_wait_is_asked_again_and_holds_up_no_message() -> None:
    async with play(Keeper) as town:
        town.fake.failures.append(TryLater(9.0, "wait"))
        await submit(town, TEA)
        await town.say("ann", f"show {'0' * 64} meanwhile")
        assert [message.text for message in town.messages()] == ["meanwhile"]
        await town.pass_time(seconds=10)
        assert [message.text for message in town.messages()] == ["meanwhile", "kept for Ann"]


def test_what_waits_beside_messages_waits_on_its_platform() -> None:
    places = {lane_of(f"telegram:-{number}", BESIDE) for number in range(100)}
    assert len(places) == 4
    assert all(place.startswith("telegram:") for place in places)


async def test_one_plugins_forgetting_does_not_take_anothers() -> None:
    async with play(Keeper, Other) as town:
        await do(town, lambda tx: [tx.keep_file(TEA, "tea.png"), tx.keep_file(TEA, "tea.png")])
        await town.app.store.transact(_kept_by_other)
        assert [(row.plugin, row.uses) for row in await town.rows(USES)] == [("keeper", 2), ("other", 1)]
        for _ in range(3):
            await do(town, lambda tx: tx.forget_file(TEA_DIGEST))
        await tidy(town.app.store, town.now())
        assert [(row.plugin, row.uses) for row in await town.rows(USES)] == [("other", 1)]
        assert len(await town.rows(KEPT)) == 1


def _kept_by_other(tx: Transaction) -> None:
    tx.execute(f"INSERT INTO xr_file_use VALUES ('town', 'other', '{TEA_DIGEST}', 1)", {})


async def test_a_file_that_nobody_uses_is_thrown_away() -> None:
    async with play(Keeper) as town:
        digests = [sha256(one).hexdigest() for one in (b"one", b"two", TEA)]
        await do(town, lambda tx: [tx.keep_file(one, "x") for one in (b"one", b"two", TEA)])
        await do(town, lambda tx: [tx.forget_file(digest) for digest in digests[:2]])
        await tidy(town.app.store, town.now())
        assert [row.data for row in await town.rows(KEPT)] == [TEA]


async def test_a_plugin_sees_its_own_files_only() -> None:
    found: list[Any] = []
    async with play(Keeper, Other) as town:
        await do(town, lambda tx: tx.keep_file(b"tea", "tea.md"))
        digest = sha256(b"tea").hexdigest()
        await do(town, lambda tx: found.append(tx.file(digest)))
        assert [(row.name, row.mime, row.size, row.data) for row in found] == [("tea.md", "text/plain", 3, b"tea")]
        await town.app.store.transact(lambda tx: tx.execute("UPDATE xr_file_use SET plugin = 'other'", {}))
        await do(town, lambda tx: found.append(tx.file(digest)))
        await do(town, lambda tx: found.append(tx.forget_file(digest)))
        assert found[1:] == [None, False]


async def test_a_hook_reads_a_file_beside_the_transaction() -> None:
    async with play(Keeper) as town:
        await town.say("ann", "file")
        await submit(town, TEA)
        await town.say("ann", "file")
        assert [message.text for message in town.messages()] == ["none", "kept for Ann", "tea.png"]


async def test_keeping_what_is_not_kept_is_refused_and_undoes_the_part() -> None:
    async with play(Keeper) as town:
        Keeper.does = lambda tx: [tx.keep_file(TEA, "tea.png"), tx.keep_file(b"MZ\x90\0", "x.exe")]
        await town.say("ann", "go")
        assert await town.rows(USES) == []


async def test_a_shown_message_changes_its_words_its_file_and_loses_it() -> None:
    async with play(Keeper) as town:
        await do(town, lambda tx: [tx.keep_file(TEA, "tea.png"), tx.keep_file(b"leaf", "leaf.txt")])
        for digest, words in ((TEA_DIGEST, "one"), (TEA_DIGEST, "two"), (sha256(b"leaf").hexdigest(), "three")):
            await town.say("ann", f"show {digest} {words}")
        (message,) = town.messages()
        assert (message.text, message.file and message.file.data, message.edits) == ("three", b"leaf", 2)
        await town.say("ann", "show  four")
        assert (town.last("ann").text, town.last("ann").file) == ("four", None)


async def test_a_file_that_is_not_kept_any_more_is_left_out_and_logged_once() -> None:
    async with play(Keeper) as town:
        await do(town, lambda tx: tx.keep_file(TEA, "tea.png"))
        await town.say("ann", f"show {TEA_DIGEST} look")
        await do(town, lambda tx: tx.forget_file(TEA_DIGEST))
        with capture_logs() as logs:
            await town.say("ann", f"show {TEA_DIGEST}")
            await town.say("ann", f"show {TEA_DIGEST} again")
        assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["file left out: it is not kept"]
        (message,) = town.messages()
        assert (message.text, message.file, message.edits) == ("again", None, 2)


async def test_where_there_are_no_words_the_alternative_text_stands_for_a_missing_file() -> None:
    async with play(Keeper) as town:
        await town.say("ann", f"show {TEA_DIGEST}")
        assert town.last("ann").text == "a cup"


@pytest.mark.parametrize(("kept", "times"), [(len(TEA), 1), (len(TEA) - 1, 3)], ids=["room", "no room"])
async def test_what_goes_out_often_is_read_once_as_far_as_memory_is_meant_for_it(
    monkeypatch: pytest.MonkeyPatch, kept: int, times: int
) -> None:
    monkeypatch.setattr("xiaoer.attaching.KEPT", kept)
    async with play(Keeper) as town:
        await do(town, lambda tx: tx.keep_file(TEA, "tea.png"))
        read: list[object] = []
        report = town.app.store.report

        async def counted(statement: Statement, /, **values: Any) -> Any:
            read.append(values.get("which"))
            return await report(statement, **values)

        monkeypatch.setattr(town.app.store, "report", counted)
        for words in ("one", "two", "three"):
            await town.say("ann", f"show {TEA_DIGEST} {words}")
        assert read.count(TEA_DIGEST) == times


def test_a_message_has_a_picture_or_a_file_and_never_both() -> None:
    with pytest.raises(ContentError, match="send two messages"):
        Content(("x",), picture=Picture("p", {}, ""), file=Stored("d"))


def test_a_file_that_is_brought_up_to_date_has_the_tables_that_the_code_declares(tmp_path: Path) -> None:
    migrated, created = tmp_path / "a.db", tmp_path / "b.db"
    assert migrate(migrated, [("xiaoer", "xiaoer")]) == []
    engines = [create_engine(f"sqlite:///{file}") for file in (migrated, created)]
    metadata.create_all(engines[1])
    found = [inspect(engine) for engine in engines]
    for table in ("xr_file", "xr_file_use"):
        columns = [[(one["name"], str(one["type"]), one["nullable"]) for one in of.get_columns(table)] for of in found]
        assert columns[0] == columns[1]
        indices = [{one["name"]: one["column_names"] for one in of.get_indexes(table)} for of in found]
        assert indices[0] == indices[1]
    for engine in engines:
        engine.dispose()
