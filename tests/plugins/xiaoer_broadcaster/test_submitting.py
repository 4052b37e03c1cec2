"""What people submit by answering a message, with its words and its file."""

from pathlib import Path

from tests.plugins.xiaoer_broadcaster.scene import ITEMS, ask, boss, posted, teahouse, until
from tests.png import png

from xiaoer import Quoted
from xiaoer.testing import Town

TEA = png("tea", (10, 90, 20), 16, 16)


async def submit(town: Town, quoted: Quoted, text: str = "") -> str:
    return await ask(town, "ann", f"/script submit {text}".strip(), quoted=quoted)


def photo(town: Town, data: bytes = TEA, text: str = "") -> Quoted:
    return Quoted("m1", town.person("bob"), text, "photo", (town.fake.attach(data, "tea.png", kind="photo"),))


async def test_a_message_is_submitted_by_answering_it_and_its_author_is_credited() -> None:
    async with teahouse() as town:
        assert "It is No. 1" in await submit(town, Quoted("m1", town.person("bob"), "Tea is good"))
        assert "is approved" in await boss(town, "/script approve 1")
        await until(town, "12:16")
        assert posted(town)[0].text == "Tea is good\n\n✍️ Bob"


async def test_nobody_approves_what_somebody_else_submitted_of_theirs() -> None:
    async with teahouse() as town:
        await submit(town, Quoted("m1", town.person("boss"), "Tea is good"))
        assert "wrote No. 1 yourself" in await boss(town, "/script approve 1")


async def test_words_that_are_typed_stand_for_those_of_the_message() -> None:
    async with teahouse() as town:
        await submit(town, Quoted("m1", town.person("bob"), "tea gud"), "Tea is good")
        assert [row.text for row in await town.rows(ITEMS)] == ["Tea is good"]


async def test_a_photo_is_kept_and_goes_out_with_the_post() -> None:
    async with teahouse() as town:
        await submit(town, photo(town, text="Spring"))
        (row,) = await town.rows(ITEMS)
        assert (row.kind, row.file_name, row.mime, bool(row.digest)) == ("picture", "tea.png", "image/png", True)
        await boss(town, "/script approve 1")
        town.fake.files.clear()  # the platform's own copy does not last
        await until(town, "12:16")
        (message,) = posted(town)
        assert message.file is not None
        assert message.file.data == TEA
        assert message.text == "Spring\n\n✍️ Bob"


async def test_a_photo_without_words_is_an_item() -> None:
    async with teahouse() as town:
        await submit(town, photo(town))
        assert "“tea.png” is approved" in await boss(town, "/script approve 1")
        await until(town, "12:16")
        (message,) = posted(town)
        assert message.text == "✍️ Bob"
        assert message.file is not None


async def test_who_submits_a_file_that_cannot_be_kept_is_told_why_and_it_is_not_approved() -> None:
    async with teahouse() as town:
        await submit(town, photo(town, b"x" * 11 * 2**20))
        assert "10" in town.seen_by("ann")[-1].text
        assert "is a file alone" in await boss(town, "/script approve 1")
        await boss(town, "/script edit 1 text Words instead")
        assert "is approved" in await boss(town, "/script approve 1")


async def test_the_file_of_what_was_taken_off_is_forgotten_with_its_text() -> None:
    async with teahouse() as town:
        await submit(town, photo(town, text="Spring"))
        await boss(town, "/script reject 1")
        await town.pass_time(days=32)
        (row,) = await town.rows(ITEMS)
        assert (row.text, row.digest) == ("", "")


async def test_a_library_with_files_comes_back_from_its_folder(tmp_path: Path) -> None:
    async with teahouse(folder=str(tmp_path)) as town:
        await submit(town, photo(town))
        await ask(town, "boss", "/script export", role="owner")
        assert "0 new, 0 changed, 1 as" in await ask(town, "boss", "/script import", role="owner")
    async with teahouse(folder=str(tmp_path)) as town:
        answer = await ask(town, "boss", "/script import", role="owner")
        assert "0001.md is a file alone, of which there is no copy here" in answer
