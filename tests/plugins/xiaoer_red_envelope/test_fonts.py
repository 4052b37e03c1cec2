"""Where the letters come from: what is asked for, then what is installed, then Pillow's own."""

import importlib.util
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from xiaoer_red_envelope import fonts
from xiaoer_red_envelope.fonts import PLAIN, PROOF, Fonts, find

HERE = find()
CHINESE = HERE.faces[0].regular if HERE.chinese else None

needs_chinese = pytest.mark.skipif(CHINESE is None, reason="no font with Chinese here: install the extra fonts")
needs_extra = pytest.mark.skipif(importlib.util.find_spec("manimgx_fonts") is None, reason="without the extra fonts")


@pytest.fixture(autouse=True)
def _nothing_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(fonts.VARIABLE, raising=False)


def copied(to: Path) -> Path:
    assert CHINESE is not None
    return Path(shutil.copy(CHINESE, to))


def test_without_any_font_there_are_pillows_latin_letters(tmp_path: Path) -> None:
    found = find(folders=[tmp_path])
    assert [face.regular for face in found.faces] == [None]
    assert found.draws("Hello, 88 points")
    assert not found.chinese


def test_a_letter_that_a_font_lacks_is_known_to_be_missing() -> None:
    assert PLAIN.face_for("A") is not None
    assert PLAIN.face_for("红") is None


def test_a_missing_folder_is_no_obstacle(tmp_path: Path) -> None:
    assert find(folders=[tmp_path / "nowhere"]).draws("Hello")


@needs_chinese
def test_a_font_with_chinese_is_found_below_a_folder(tmp_path: Path) -> None:
    (tmp_path / "opentype" / "noto").mkdir(parents=True)
    file = copied(tmp_path / "opentype" / "noto" / "NotoSansCJK-Regular.ttc")
    found = find(folders=[tmp_path])
    assert found.faces[0].regular == file
    assert found.draws(PROOF)


@needs_extra
def test_of_a_collection_the_simplified_letters_are_taken() -> None:
    assert find().faces[0].at(20).getname()[0] == "Noto Sans CJK SC"


@needs_chinese
def test_the_font_of_the_setting_comes_first(tmp_path: Path) -> None:
    file = copied(tmp_path / "ours.ttc")
    found = find(str(file))
    assert found.faces[0].regular == file
    assert found.unusable is None


@needs_chinese
def test_the_environment_can_name_the_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = copied(tmp_path / "ours.ttc")
    monkeypatch.setenv(fonts.VARIABLE, str(file))
    assert find().faces[0].regular == file


@needs_chinese
def test_the_setting_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fonts.VARIABLE, str(tmp_path / "other.ttc"))
    file = copied(tmp_path / "ours.ttc")
    assert find(str(file)).faces[0].regular == file


@pytest.mark.parametrize("content", [None, b"", b"this is no font"])
def test_a_file_that_is_no_font_is_told_and_does_without(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "broken.ttf"
    if content is not None:
        file.write_bytes(content)
    found = find(str(file), folders=[])
    assert found.unusable == str(file)
    assert found.draws("Hello")


def test_a_broken_file_in_a_well_known_place_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "NotoSansSC-Regular.otf").write_bytes(b"this is no font")
    found = find(folders=[tmp_path])
    assert not found.chinese
    assert found.unusable is None


@needs_extra
def test_a_font_without_chinese_is_not_taken_for_one_with(tmp_path: Path) -> None:
    latin = next(face.regular for face in HERE.faces if face.regular and face.regular.name == "NotoSans[wght].ttf")
    found = find(str(shutil.copy(latin, tmp_path / "latin.ttf")), folders=[])
    assert found.unusable is not None
    assert not found.chinese


@needs_extra
@pytest.mark.parametrize("cluster", ["红", "A", "é", "ع", "ש", "ก", "न", "한", "🍵", "👨‍👩‍👧", "🇨🇳", "❤️"])
def test_the_extra_brings_the_scripts_in_which_people_write_their_names(cluster: str) -> None:
    assert HERE.face_for(cluster) is not None


@needs_chinese
def test_bold_letters_are_bolder() -> None:
    face = HERE.faces[0]
    plain, bold = (bytes_of(face, bold=bold) for bold in (False, True))
    assert sum(bold) > 1.1 * sum(plain)


def bytes_of(face: fonts.Face, *, bold: bool) -> bytes:
    picture = Image.new("L", (80, 80))
    stroke = face.stroke(60, bold=bold)
    ImageDraw.Draw(picture).text((8, 64), "福", 255, face.at(60, bold=bold), "ls", stroke_width=stroke)
    return picture.tobytes()


def test_where_a_font_has_no_bold_letters_they_are_thickened() -> None:
    face = PLAIN.faces[0]
    assert face.stroke(48, bold=True) == 1
    assert face.stroke(48) == 0


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_every_system_has_its_places(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(fonts, "PACKAGES", ())
    monkeypatch.setenv("WINDIR", "C:/Windows")
    expected = {"linux": "/usr/share/fonts", "darwin": "/System/Library/Fonts", "win32": "C:/Windows/Fonts"}
    assert expected[platform] in [folder.as_posix() for folder in fonts.well_known()]


def test_fonts_are_looked_for_once() -> None:
    assert fonts.installed() is fonts.installed()
    assert isinstance(fonts.installed(), Fonts)
