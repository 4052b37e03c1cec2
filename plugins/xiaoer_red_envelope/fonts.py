"""Where the letters of the cards come from: what is asked for, what is installed, and what Pillow brings itself.

No font has every script, so a card is written with several: each letter with the first that has it.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

VARIABLE = "XIAOER_FONT"
"""The environment's variable that names a file with Chinese, before all others."""

PACKAGES = ("manimgx_fonts_cjk", "manimgx_fonts")
"""What the extra ``fonts`` installs: Google's Noto fonts, as they are."""

PROOF = "红包积分手气恭喜发财"
"""What a font must have to be taken for one with Chinese."""

CHINESE: tuple[tuple[str, str], ...] = (
    ("NotoSansCJK-VF.otf.ttc", ""),
    ("NotoSansCJK-VF.ttc", ""),
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"),
    ("NotoSansCJKsc-VF.otf", ""),
    ("NotoSansCJKsc-Regular.otf", "NotoSansCJKsc-Bold.otf"),
    ("NotoSansSC[wght].ttf", ""),
    ("NotoSansSC-VF.ttf", ""),
    ("NotoSansSC-Regular.otf", "NotoSansSC-Bold.otf"),
    ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"),
    ("SourceHanSans.ttc", ""),
    ("SourceHanSansSC-Regular.otf", "SourceHanSansSC-Bold.otf"),
    ("SourceHanSansCN-Regular.otf", "SourceHanSansCN-Bold.otf"),
    ("PingFang.ttc", ""),
    ("Hiragino Sans GB.ttc", ""),
    ("STHeiti Medium.ttc", ""),
    ("msyh.ttc", "msyhbd.ttc"),
    ("Deng.ttf", "Dengb.ttf"),
    ("simhei.ttf", ""),
    ("wqy-microhei.ttc", ""),
    ("wqy-zenhei.ttc", ""),
    ("DroidSansFallbackFull.ttf", ""),
)
"""File names of fonts with Chinese, regular and bold, the ones that we like best first."""

SCRIPTS = (
    *("", "Arabic", "Hebrew", "Devanagari", "Thai", "Bengali", "Tamil", "Telugu", "Gujarati", "Gurmukhi", "Kannada"),
    *("Malayalam", "Sinhala", "Oriya", "Khmer", "Lao", "Myanmar", "Georgian", "Armenian", "Ethiopic", "Symbols"),
)
"""Noto Sans for the scripts in which people write their names."""

OTHERS = (
    ("NotoEmoji[wght].ttf", ""),
    ("NotoEmoji-Regular.ttf", "NotoEmoji-Bold.ttf"),
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("segoeui.ttf", "segoeuib.ttf"),
    ("seguisym.ttf", ""),
    ("Arial Unicode.ttf", ""),
)

REGULAR, BOLD = 400.0, 700.0
_NO_LETTER = "\uffff"
_SIMPLIFIED = re.compile(r"\b(SC|CN|GB|Hans)\b")


@dataclass(frozen=True, eq=False)
class Face:
    """One font, at any size, regular and bold; itself the key under which its letters are remembered.

    Attributes:
        regular: its file; None is the font inside Pillow, which has Latin letters only.
        bold: the file of its bold letters, where they are in another one.
        index: which of the fonts in the file.
    """

    regular: Path | None
    bold: Path | None = None
    index: int = 0

    def at(self, size: int, *, bold: bool = False) -> FreeTypeFont:
        """Return the font at this size in pixels."""
        return _opened(self, size, bold)[0]

    def stroke(self, size: int, *, bold: bool = False) -> float:
        """Return by how much the letters are thickened where the font has no bold ones."""
        return size / 48 if bold and not _opened(self, size, bold)[1] else 0

    def has(self, letter: str) -> bool:
        """Say whether the font can draw this letter."""
        return _drawn(self, letter) != _drawn(self, _NO_LETTER)


@dataclass(frozen=True)
class Fonts:
    """The fonts that a card is written with.

    Attributes:
        faces: in the order in which they are asked for a letter.
        unusable: the file that was asked for and is none of a font with Chinese, if so: worth a line in the log.
    """

    faces: tuple[Face, ...]
    unusable: str | None = None

    @property
    def chinese(self) -> bool:
        """Whether Chinese can be written."""
        return self.draws(PROOF)

    def draws(self, text: str) -> bool:
        """Say whether every letter of a text can be drawn."""
        return all(letter.isspace() or self.face_for(letter) is not None for letter in text)

    def face_for(self, cluster: str) -> Face | None:
        """Return the first font that has all of what is seen of a cluster of letters and marks, if there is one."""
        return _face_for(self.faces, cluster)


PLAIN = Fonts((Face(None),))
"""What there is without any font: Latin letters."""


def find(path: str | None = None, folders: Iterable[Path] | None = None) -> Fonts:
    """Look for the fonts of this machine.

    Args:
        path: a file with Chinese that the settings name; otherwise ``XIAOER_FONT`` may.
        folders: where to look otherwise, with what is below; the extra ``fonts`` and the system's folders if None.
    """
    asked = path or os.environ.get(VARIABLE) or ""
    files = _files(well_known() if folders is None else folders)
    first = _face(Path(asked).expanduser(), None) if asked else None
    chosen = first if first is not None and _chinese(first) else None
    known = (face for face in _faces(files, CHINESE) if _chinese(face))
    chinese = chosen or next(known, None)
    forms = (("NotoSans{}[wght].ttf", ""), ("NotoSans{}-Regular.ttf", "NotoSans{}-Bold.ttf"))
    names = [(a.format(script), b.format(script)) for script, (a, b) in product(SCRIPTS, forms)]
    faces = [*([chinese] if chinese else []), *_faces(files, names), Face(None), *_faces(files, OTHERS)]
    return Fonts(tuple(faces), asked if asked and chosen is None else None)


@cache
def installed() -> Fonts:
    """Return the fonts of this machine, looked for once."""
    return find()


def well_known() -> Iterator[Path]:
    """Yield the folders in which fonts are kept: of the extra ``fonts``, then of the system."""
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        yield from map(Path, (spec and spec.submodule_search_locations) or ())
    home = Path("~").expanduser()
    if sys.platform == "win32":
        yield Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft" / "Windows" / "Fonts"
        yield Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"
    elif sys.platform == "darwin":
        yield from (home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts"))
    else:
        yield from (home / ".local/share/fonts", home / ".fonts")
        yield from (Path("/usr/local/share/fonts"), Path("/usr/share/fonts"))


def _files(folders: Iterable[Path]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for folder in folders:
        for where, _, names in os.walk(folder):
            for name in names:
                files.setdefault(name.lower(), Path(where, name))
    return files


def _faces(files: dict[str, Path], names: Iterable[tuple[str, str]]) -> Iterator[Face]:
    for regular, bold in names:
        file = files.get(regular.lower())
        face = _face(file, files.get(bold.lower())) if file else None
        if face is not None:
            yield face


def _face(regular: Path, bold: Path | None) -> Face | None:
    """Return the font in a file, of several the one for simplified Chinese; None if it is none."""
    first: Face | None = None
    for index in range(16):
        try:
            family = ImageFont.truetype(regular, 16, index).getname()[0] or ""
        except (OSError, ValueError):
            break
        face = Face(regular, bold, index)
        if _SIMPLIFIED.search(family):
            return face
        first = first or face
    return first


def _chinese(face: Face) -> bool:
    return all(face.has(letter) for letter in PROOF)


@lru_cache(maxsize=256)
def _opened(face: Face, size: int, bold: bool) -> tuple[FreeTypeFont, bool]:
    """Return the font, and whether it is as bold as was asked for."""
    if face.regular is None:
        default = ImageFont.load_default(size)
        assert isinstance(default, FreeTypeFont), "Pillow without FreeType"  # noqa: S101
        return default, False
    if bold and face.bold is not None:
        try:
            return ImageFont.truetype(face.bold, size, face.index), True
        except OSError:
            pass  # the bold file has fewer fonts than the regular one: thicken
    font = ImageFont.truetype(face.regular, size, face.index)
    return font, _weighed(font, BOLD if bold else REGULAR)


def _weighed(font: FreeTypeFont, weight: float) -> bool:
    """Set the weight of a variable font, or say that it is none."""
    try:
        axes = font.get_variation_axes()
    except (OSError, NotImplementedError):
        return False
    values = [float(axis.get("default") or REGULAR) for axis in axes]
    for number, axis in enumerate(axes):
        if axis.get("name") in (b"Weight", b"wght"):
            values[number] = weight
            font.set_variation_by_axes(values)
            return True
    return False


@cache
def _probe(face: Face) -> FreeTypeFont:
    if face.regular is None:
        return face.at(24)
    return ImageFont.truetype(face.regular, 24, face.index, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8192)
def _drawn(face: Face, letter: str) -> bytes:
    """Return how a letter looks. Pillow does not tell what a font has, but what it lacks looks like what none has."""
    picture = Image.new("L", (56, 56))
    ImageDraw.Draw(picture).text((16, 40), letter, 255, _probe(face), "ls")
    return picture.tobytes()


@lru_cache(maxsize=8192)
def _face_for(faces: tuple[Face, ...], cluster: str) -> Face | None:
    seen = [letter for letter in cluster if not _unseen(letter)]
    return next((face for face in faces if all(map(face.has, seen))), None) if seen else None


def _unseen(letter: str) -> bool:
    """Say whether a character only changes how its neighbours look: joiners, selectors of a variant, tags."""
    return letter in "\u200c\u200d" or "\ufe00" <= letter <= "\ufe0f" or "\U000e0020" <= letter <= "\U000e007f"
