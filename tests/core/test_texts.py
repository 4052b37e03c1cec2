"""What Xiaoer says: the shipped catalogues, and how a text is found and filled in."""

from __future__ import annotations

import ast
import io
import itertools
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from xiaoer.communities import Community
from xiaoer.content import Bold, Link, Mention, Text, plain
from xiaoer.errors import PluginError
from xiaoer.templates import TemplateError, compile_template
from xiaoer.texts import Catalogue, Texts

ROOT = Path(__file__).parents[2]
TOWN = Community("town", "小二茶馆", locale="zh", timezone=ZoneInfo("Asia/Shanghai"))
NOON = datetime(2025, 3, 1, 4, 15, tzinfo=UTC)

PLURALS = {"zh": "nplurals=1; plural=0;", "en": "nplurals=2; plural=(n != 1);"}


def shipped() -> list[str]:
    """Return every package that may say something: the core, all entry points, all folders."""
    found = {"xiaoer"}
    for group in ("xiaoer.adapters", "xiaoer.plugins"):
        found |= {entry.module.partition(".")[0] for entry in entry_points(group=group)}
    for folder in ("adapters", "plugins"):
        found |= {path.parent.parent.name for path in (ROOT / folder).glob("xiaoer_*/locales/*.po")}
    return sorted(found)


def catalogue(language: str, source: str, package: str = "demo") -> Catalogue:
    header = f'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: {PLURALS[language]}\\n"\n'
    return Catalogue(package, language, io.BytesIO((header + source).encode()))


def texts(zh: Mapping[str, str], en: Mapping[str, str] | None = None) -> Texts:
    """Return texts with these templates; English has those of Chinese where it is given none."""

    def po(templates: Mapping[str, str]) -> str:
        return "".join(f"\nmsgid {quoted(key)}\nmsgstr {quoted(said)}\n" for key, said in templates.items())

    return Texts([catalogue("zh", po(zh)), catalogue("en", po(zh if en is None else en))])


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def said(template: str, locale: str = "zh", **values: Any) -> Text:
    return texts({"demo.a": template}).text(locale, TOWN, "demo.a", values)


@pytest.mark.parametrize("package", shipped())
def test_the_shipped_catalogues_are_complete_in_both_languages(package: str) -> None:
    assert Texts.load([package]).check() == []


def test_all_shipped_packages_together_bring_each_key_once() -> None:
    assert Texts.load(shipped()).check() == []


def test_every_text_that_the_core_names_is_there() -> None:
    known = set(Texts.load([]).keys())
    groups = {"xiaoer.adapters", "xiaoer.plugins"}
    named = {
        node.value
        for path in (ROOT / "core" / "xiaoer").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_key(node.value)
    }
    assert sorted(named - groups - known) == []


def is_key(text: str) -> bool:
    first, *rest = text.split(".")
    return first == "xiaoer" and bool(rest) and all(part.isidentifier() for part in rest)


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("zh", "zh"),
        ("zh-hans", "zh"),
        ("zh_CN", "zh"),
        ("zh-TW", "zh"),
        ("ZH", "zh"),
        ("en-GB", "en"),
        ("en_US", "en"),
        ("fr", "zh"),
        ("zhx", "zh"),
        ("", "zh"),
        (None, "zh"),
    ],
)
def test_a_person_is_spoken_to_in_their_language_or_the_communitys(locale: str | None, language: str) -> None:
    both = texts({"demo.a": "zh"}, {"demo.a": "en"})
    assert both.text(locale, TOWN, "demo.a", {}) == (language,)


def test_a_community_in_a_language_that_is_not_spoken_gets_english() -> None:
    assert texts({"demo.a": "zh"}, {"demo.a": "en"}).text("fr", Community("t", "t", "de"), "demo.a", {}) == ("en",)


def test_a_missing_text_is_its_key_and_is_logged_once() -> None:
    empty = texts({})
    with capture_logs() as logs:
        assert empty.text("en", TOWN, "demo.none", {}) == ("demo.none",)
        empty.text("en", TOWN, "demo.none", {})
    assert [(entry["event"], entry["key"]) for entry in logs] == [("text missing", "demo.none")]


def test_a_text_that_one_language_lacks_is_told_in_the_other() -> None:
    with capture_logs() as logs:
        assert texts({}, {"demo.a": "hello"}).text("zh", TOWN, "demo.a", {}) == ("hello",)
    assert len(logs) == 1


def test_the_name_of_a_missing_value_stays_and_is_logged_once() -> None:
    some = texts({"demo.a": "hi {name}"})
    with capture_logs() as logs:
        assert some.text("zh", TOWN, "demo.a", {}) == ("hi {name}",)
        some.text("zh", TOWN, "demo.a", {})
    assert len(logs) == 1


@given(st.text(min_size=1))
def test_what_a_member_typed_is_one_plain_part_whatever_it_is(typed: str) -> None:
    assert said("{name}", name=typed) == (typed,)
    assert said("<{name}>{name}", name=typed) == (f"<{typed}>{typed}",)
    assert said("**x** {name} **{name}**", name=typed) == (Bold("x"), f" {typed} ", Bold(typed))


def test_parts_and_texts_are_put_in_as_they_are() -> None:
    ann, site = Mention("web:ann", "Ann"), Link("here", "https://example.org")
    assert said("hi {name}!", name=ann) == ("hi ", ann, "!")
    assert said("**{name}**", name=ann) == (ann,)
    assert said("a {t} b", t=("x", site, "y")) == ("a x", site, "y b")
    assert said("**a {t}**", t=("x", Bold("y"))) == (Bold("a xy"),)


@given(st.lists(st.one_of(st.text(), st.builds(Bold, st.text()), st.builds(Mention, st.text(), st.text())), max_size=6))
def test_neighbouring_strings_are_one_part_and_nothing_is_lost(parts: list[Any]) -> None:
    made = said("({t}{t})", t=tuple(parts))
    assert plain(made) == f"({plain(tuple(parts)) * 2})"
    kinds = [type(part) for part in made]
    assert not any(a is b and a in (str, Bold) for a, b in itertools.pairwise(kinds))
    assert "" not in made


def test_doubled_braces_are_braces() -> None:
    assert said("{{name}} {n}", n=1) == ("{name} 1",)


def test_moments_are_told_in_the_language_and_time_zone_of_the_place() -> None:
    assert said("{at:date} {at:time}", at=NOON) == ("2025年3月1日 12:15",)
    assert said("{at:datetime}", at=NOON) == ("2025年3月1日 12:15",)
    assert said("{at}", at=NOON) == ("2025年3月1日 12:15",)
    assert plain(said("{at:datetime}", "en", at=NOON)).replace("\u202f", " ") == "Mar 1, 2025, 12:15 PM"
    late = datetime(2025, 3, 1, 20, tzinfo=UTC)
    assert said("{at:date}", at=late) == ("2025年3月2日",)
    assert said("{at:datetime}", at=date(2025, 3, 1)) == ("2025年3月1日",)


@pytest.fixture
def machine_in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("machine_in_new_york")
def test_a_moment_without_a_zone_is_utc_wherever_the_machine_is() -> None:
    assert said("{at:datetime}", at=NOON.replace(tzinfo=None)) == ("2025年3月1日 12:15",)


def test_numbers_are_plain_unless_they_are_asked_to_be_grouped() -> None:
    assert said("{n} {n:number} {none}", n=12345, none=None) == ("12345 12,345 ",)


def test_a_value_that_its_format_does_not_fit_is_told_as_it_is() -> None:
    assert said("{at:time} {at:number}", at="soon") == ("soon soon",)


def test_the_form_of_a_text_follows_its_count() -> None:
    zh = catalogue("zh", '\nmsgid "demo.n"\nmsgid_plural "demo.n"\nmsgstr[0] "{count}个"\n')
    en = catalogue("en", '\nmsgid "demo.n"\nmsgid_plural "demo.n"\nmsgstr[0] "one"\nmsgstr[1] "{count} many"\n')
    both = Texts([zh, en])
    assert both.check() == []
    english = [plain(both.text("en", TOWN, "demo.n", {"count": count})) for count in (0, 1, 2)]
    assert english == ["0 many", "one", "2 many"]
    assert plain(both.text("zh", TOWN, "demo.n", {"count": 1})) == "1个"


@pytest.mark.parametrize(
    "template", ["{", "}", "{}", "{0}", "{a.b}", "{a[0]}", "{a!r}", "{a:>10}", "{a:{b}}", "**a", "a**b**c**", "{ a }"]
)
def test_a_template_has_names_and_bold_and_nothing_else(template: str) -> None:
    with pytest.raises(TemplateError):
        compile_template(template)


def test_a_communitys_own_words_come_first_and_stay_its_own() -> None:
    some = texts({"demo.a": "hi {name}"}, {"demo.a": "hello {name}"})
    some.override("town", {"zh": {"demo.a": "**客官** {name}"}})
    assert some.text(None, TOWN, "demo.a", {"name": "Ann"}) == (Bold("客官"), " Ann")
    assert some.text("en", TOWN, "demo.a", {"name": "Ann"}) == ("hello Ann",)
    assert some.text("zh", Community("village", "v", "zh"), "demo.a", {"name": "Ann"}) == ("hi Ann",)
    some.override("town", {})
    assert some.text(None, TOWN, "demo.a", {"name": "Ann"}) == ("hi Ann",)


@pytest.mark.parametrize(
    ("language", "key", "template", "message"),
    [
        ("zh", "demo.greting", "x", "there is no text 'demo.greting'; did you mean 'demo.greeting'?"),
        ("zh", "other.thing.entirely", "x", "there is no text 'other.thing.entirely'"),
        ("zh", "demo.greeting", "{nmae}", "{nmae} stands for nothing; this text knows {community}, {name}"),
        ("zh", "demo.bare", "{name}", "{name} stands for nothing; this text knows no placeholders"),
        ("zh", "demo.greeting", "{name", "its braces are not right"),
        ("zh", "demo.greeting", "**{name}", "** opens a bold stretch that nothing closes"),
        ("fr", "demo.greeting", "x", "language 'fr' is not spoken; there are zh, en"),
    ],
)
def test_what_is_wrong_with_a_communitys_own_words_is_told(
    language: str, key: str, template: str, message: str
) -> None:
    some = texts({"demo.greeting": "{name} {community}", "demo.bare": "a"})
    (problem,) = some.problems({language: {key: template}})
    assert problem.language == language
    assert problem.key == ("" if language == "fr" else key)
    assert problem.message.startswith(message)


def test_right_words_have_no_problem() -> None:
    some = texts({"demo.a": "{name}"})
    assert some.problems({"zh": {"demo.a": "**{name}**"}, "en": {"demo.a": "no name"}}) == []


@pytest.mark.parametrize(
    ("zh", "en", "fault"),
    [
        ({"a.b": "x"}, {}, "a.b is missing in en"),
        ({"a.b": "{x}"}, {"a.b": "{y}"}, "the placeholders of a.b differ: {x} in zh; {y} in en"),
        ({"a.b": ""}, {"a.b": "x"}, "demo/locales/zh.po: a.b says nothing"),
        ({"a.b": "{"}, {"a.b": "x"}, "demo/locales/zh.po: a.b is wrong"),
    ],
)
def test_the_check_finds_what_a_catalogue_lacks(zh: dict[str, str], en: dict[str, str], fault: str) -> None:
    assert any(found.startswith(fault) for found in texts(zh, en).check())


def test_a_translation_that_is_marked_fuzzy_is_not_used() -> None:
    fuzzy = catalogue("zh", '\n#, fuzzy\nmsgid "a.b"\nmsgstr "old"\n')
    assert "a.b" not in fuzzy.entries
    assert fuzzy.faults == ["demo/locales/zh.po: a.b is marked fuzzy"]


def test_two_packages_with_one_key_are_found_and_the_first_has_it() -> None:
    source = '\nmsgid "a.b"\nmsgstr "{}"\n'
    both = Texts([catalogue("zh", source.format("first")), catalogue("zh", source.format("second"), "other")])
    assert "a.b is in other and in demo" in both.check()
    assert both.text("zh", TOWN, "a.b", {}) == ("first",)


def test_a_broken_file_is_the_fault_of_its_package() -> None:
    with pytest.raises(PluginError, match=r"demo: locales/zh\.po cannot be read"):
        catalogue("zh", "\nthis is no catalogue\n")


@pytest.mark.parametrize("package", ["no_such_package", "no_such_package.inside", "json.decoder", "json", "__main__"])
def test_a_package_without_catalogues_has_nothing_to_say(package: str) -> None:
    assert Texts.load([package]).keys() == Texts.load([]).keys()
