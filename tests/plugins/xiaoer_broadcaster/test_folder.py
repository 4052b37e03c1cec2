"""A library as a folder of Markdown files."""

import asyncio
import os
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.xiaoer_broadcaster.scene import ITEMS, ask, boss, posted, script, teahouse, until

from xiaoer import one_line
from xiaoer.testing import Town
from xiaoer_broadcaster import exchange, folder
from xiaoer_broadcaster.frontmatter import Fault, Page, parse, written
from xiaoer_broadcaster.item import CADENCES, KINDS, STATES, Item, clean

SLOTS = ("morning", "noon", "evening")
TODAY = date(2026, 3, 2)
words = st.text(max_size=30)
texts = st.text(min_size=1, max_size=200).map(clean).filter(bool)
dates = st.dates(date(1000, 1, 1), date(9999, 12, 31))


def scheduled(item: Item) -> Item:
    """Return an item that is consistent: scheduled with a time, or neither."""
    if item.state == "scheduled":
        return item._replace(day=item.day or TODAY, at_slot="noon")
    return item._replace(day=None)


items = st.builds(
    lambda **fields: scheduled(Item(**fields)),
    number=st.integers(1, 1_000_000),
    title=words.map(lambda text: one_line(text, 80)),
    text=texts,
    kind=st.sampled_from(KINDS),
    slot=st.sampled_from(["any", *SLOTS]),
    cadence=st.sampled_from(CADENCES),
    tags=st.lists(words.map(lambda text: one_line(text, 24).lstrip("# ")).filter(bool), max_size=5, unique=True).map(
        tuple
    ),
    expires=st.none() | dates,
    most=st.integers(0, 1_000),
    teasers=st.none() | st.lists(st.integers(1, 1_440), max_size=5, unique=True).map(lambda n: (*sorted(n)[::-1],)),
    author=st.sampled_from(["", "fake:ann", "telegram:123"]),
    author_name=words.map(lambda text: one_line(text, 24)),
    state=st.sampled_from(STATES),
    uses=st.integers(0, 1_000),
    last=st.none() | dates,
    last_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    digest=st.sampled_from(["", "ab12" * 16]),
    file_name=words.map(lambda text: one_line(text, 80)),
    mime=st.sampled_from(["", "image/png"]),
)


@given(items)
def test_an_item_is_read_as_it_was_written(item: Item) -> None:
    found = parse("a.md", written(item), SLOTS, TODAY)
    assert isinstance(found, Page)
    assert found.item == item._replace(source="a.md")


@settings(max_examples=20)
@given(st.lists(items, max_size=6, unique_by=lambda item: item.number))
def test_a_folder_gives_back_the_library_that_was_written(library: list[Item]) -> None:
    library = [item._replace(state="draft", day=None, at_slot="") for item in library]
    with TemporaryDirectory() as place:
        assert folder.write(Path(place), library) == []
        pages, faults = folder.read(Path(place), SLOTS, TODAY)
    assert faults == []
    assert sorted(page.item._replace(source="") for page in pages) == sorted(library, key=lambda item: item.number)


@given(st.text(max_size=300))
def test_whatever_a_file_holds_it_is_an_item_or_named_faults(text: str) -> None:
    for whole in (text, f"---\n{text}\n---\nhello", f"---\ntitle: {text}\n---\nhello"):
        found = parse("a.md", whole, SLOTS, TODAY)
        assert isinstance(found, Page) or (found and all(fault.line > 0 for fault in found))


def fault_of(head: str, text: str = "hello") -> Fault:
    found = parse("a.md", f"---\n{head}\n---\n{text}", SLOTS, TODAY)
    assert isinstance(found, list)
    return found[0]


@pytest.mark.parametrize(
    ("head", "line", "key"),
    [
        ("kind: article\nslot: midnight", 3, "refused.slot"),
        ("kind: poem", 2, "refused.kind"),
        ("cadence: daily\ncadence: weekly", 3, "file.twice"),
        ("colour: red", 2, "file.unknown_key"),
        ("title: {a: b}", 2, "file.nested"),
        ("title: [unclosed", 2, "file.not_yaml"),
        ("- a list", 2, "file.not_yaml"),
        ("number: 0", 2, "file.number"),
        ("expires: soon", 2, "refused.day"),
        ("state: scheduled", 2, "file.scheduled_state"),
        ("kind: case\nscheduled: 2026-12-01 any", 3, "refused.slot"),
        ("author: nobody", 2, "file.value"),
        ("last_at: 2026-12-01T10:00:00", 2, "file.value"),
        ("teasers: [0]", 2, "refused.teasers"),
        ("tags: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]", 2, "refused.tags"),
        ("state: done", 2, "refused.state"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(head: str, line: int, key: str) -> None:
    fault = fault_of(head)
    assert (fault.line, fault.why.key) == (line, f"broadcaster.{key}")


def test_a_file_without_front_matter_or_text_is_no_item() -> None:
    found = parse("a.md", "hello", SLOTS, TODAY)
    assert isinstance(found, list)
    assert found[0].why.key == "broadcaster.file.no_front_matter"
    assert fault_of("kind: case", "").why.key == "broadcaster.refused.no_text"


def test_links_pipes_and_what_is_too_large_are_refused_and_never_followed(tmp_path: Path) -> None:
    home, outside = tmp_path / "library", tmp_path / "outside.md"
    home.mkdir()
    outside.write_text("---\n---\nsecret")
    (home / "link.md").symlink_to(outside)
    (home / "large.md").write_text("x" * 70_000)
    (home / "latin.md").write_bytes(b"---\n---\ncaf\xe9")
    os.mkfifo(home / "pipe.md")
    (home / "README.md").write_text("not an item")
    (home / "picture.png").write_bytes(b"")
    pages, faults = folder.read(home, SLOTS, TODAY)
    assert pages == []
    assert {fault.file: fault.why.key.rpartition(".")[2] for fault in faults} == {
        "link.md": "link",
        "large.md": "too_large",
        "latin.md": "not_utf8",
        "pipe.md": "unreadable",
    }
    assert [fault.line for fault in faults if fault.file == "latin.md"] == [3]
    assert [fault.why.key for fault in folder.write(home, [Item(1, text="mine", source="link.md")])] == [
        "broadcaster.file.link"
    ]
    assert outside.read_text() == "---\n---\nsecret"


@pytest.mark.parametrize("source", ["../evil.md", "/etc/passwd", "a/b.md", ".hidden.md", "a\n.md", "a.txt", ""])
def test_only_safe_names_are_written(source: str) -> None:
    assert folder.named([Item(7, source=source)])[0][0] == "0007.md"


def test_two_files_of_one_number_or_one_time_are_told(tmp_path: Path) -> None:
    for name in "ab":
        head = "number: 1\nstate: scheduled\nscheduled: 2026-12-01 noon"
        (tmp_path / f"{name}.md").write_text(f"---\n{head}\n---\nhello")
    _, faults = folder.read(tmp_path, SLOTS, TODAY)
    assert [(fault.file, fault.why.key) for fault in faults] == [
        ("b.md", "broadcaster.file.same_number"),
        ("b.md", "broadcaster.file.same_time"),
    ]


def test_in_the_sample_library_nothing_is_wrong() -> None:
    pages, faults = folder.read(Path(__file__).parents[3] / "library", SLOTS, TODAY)
    assert faults == []
    assert {page.item.state for page in pages} == {"approved"}


async def owner(town: Town, command: str) -> str:
    return await ask(town, "boss", command, role="owner")


async def test_a_library_goes_out_to_a_folder_and_comes_back_the_same(tmp_path: Path) -> None:
    async with teahouse(folder=str(tmp_path)) as town:
        await script(town, "first", "cadence daily", "tags tea, spring", "teasers 30")
        await script(town, "second", "expires 2026-12-01")
        await boss(town, "/script schedule 2 tomorrow noon")
        assert await owner(town, "/script export") == "Exported: 2 files."
        before = [tuple(row)[2:-3] for row in await town.rows(ITEMS)]
        assert sorted(os.listdir(tmp_path)) == ["0001.md", "0002.md"]
        assert "0 new, 0 changed, 2 as they were" in await owner(town, "/script import")
    async with teahouse(folder=str(tmp_path)) as town:
        assert "2 would be new" in await owner(town, "/script import dry")
        assert await town.rows(ITEMS) == []
        assert await owner(town, "/script import") == "Imported: 2 new, 0 changed, 0 as they were."
        assert [tuple(row)[2:-3] for row in await town.rows(ITEMS)] == before
        assert "0 new, 0 changed, 2 as they were" in await owner(town, "/script import")
        await until(town, "12:16")
        assert posted(town)[0].text.startswith("first")


async def test_a_file_without_a_number_is_one_item_however_often_it_is_imported(tmp_path: Path) -> None:
    file = tmp_path / "spring-tea.md"
    async with teahouse(folder=str(tmp_path)) as town:
        file.write_text("---\nstate: approved\nauthor_name: Ann\n---\nSpring tea")
        assert "1 new" in await owner(town, "/script import")
        file.write_text("---\nstate: approved\nauthor_name: Ann\n---\nSpring tea is here")
        assert "0 new, 1 changed" in await owner(town, "/script import")
        await owner(town, "/script export")
        assert file.read_text().startswith("---\nnumber: 1\n")
        assert "0 new, 0 changed, 1 as" in await owner(town, "/script import")


async def test_an_old_file_does_not_make_an_item_go_out_more_often_than_it_may(tmp_path: Path) -> None:
    async with teahouse(folder=str(tmp_path)) as town:
        await script(town, "only once", "cadence daily", "most 1")
        await owner(town, "/script export")
        await until(town, "12:16")
        assert len(posted(town)) == 1
        assert "1 changed" in await owner(town, "/script import")
        await town.pass_time(hours=24)
        assert len(posted(town)) == 1


async def test_a_text_that_changes_in_its_file_waits_to_be_approved_again(tmp_path: Path) -> None:
    async with teahouse(folder=str(tmp_path)) as town:
        await script(town, "first words")
        (tmp_path / "a.md").write_text("---\nnumber: 1\n---\nother words")
        assert "1 changed" in await owner(town, "/script import")
        (row,) = await town.rows(ITEMS)
        assert (row.state, row.author, row.text) == ("edited", "fake:ann", "other words")
        await until(town, "12:16")
        assert posted(town) == []


async def test_one_bad_file_keeps_all_others_out(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("---\nkind: case\n---\nhello")
    (tmp_path / "bad.md").write_text("---\nkind: poem\nslot: noon\ncolour: red\n---\nhello")
    async with teahouse(folder=str(tmp_path)) as town:
        lines = (await owner(town, "/script import")).split("\n")
        assert lines[0] == "2 things are wrong, so nothing was imported:"
        assert lines[1].startswith("bad.md:4: there is no key colour")
        assert lines[2].startswith("bad.md:2: “poem” is no kind of script")
        assert await town.rows(ITEMS) == []


async def test_only_the_owner_imports_and_without_a_folder_nobody_does() -> None:
    async with teahouse() as town:
        assert "owner" in await boss(town, "/script import")
        assert "name one as folder" in await owner(town, "/script export")


async def test_as_many_files_as_may_be_are_taken_in_at_once_and_no_more(tmp_path: Path) -> None:
    for n in range(folder.FILES):
        (tmp_path / f"{n}.md").write_text(f"---\ntags: [a, b]\n---\n{'text ' * 100}{n}")
    async with teahouse(folder=str(tmp_path)) as town:
        assert "250 new" in await owner(town, "/script import")
        (tmp_path / "one-too-many.md").write_text("---\n---\none too many")
        assert "there are 251 files" in await owner(town, "/script import")


async def test_reading_a_folder_does_not_hold_anybody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loops: list[bool] = []

    def read(*_: object) -> tuple[list[Page], list[Fault]]:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            loops.append(False)
        return [], []

    monkeypatch.setattr(folder, "read", read)
    async with teahouse(folder=str(tmp_path)) as town:
        assert "0 new" in await owner(town, "/script import")
    assert loops == [False], "it is read in a thread of its own"


async def test_an_import_that_was_overtaken_by_another_change_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = exchange.prepare

    async def outdated(*args: Any) -> exchange.Prepared:
        return (await prepare(*args))._replace(latest=-1)

    monkeypatch.setattr(exchange, "prepare", outdated)
    (tmp_path / "a.md").write_text("---\n---\nhello")
    async with teahouse(folder=str(tmp_path)) as town:
        assert "please import it again" in await owner(town, "/script import")
        assert await town.rows(ITEMS) == []


def test_moments_are_kept_to_the_microsecond() -> None:
    item = Item(1, text="hello", last_at=datetime(2026, 3, 2, 4, 15, 0, 123_456, tzinfo=UTC))
    found = parse("a.md", written(item), SLOTS, TODAY)
    assert isinstance(found, Page)
    assert found.item.last_at == item.last_at
