from typing import Any

import pluggy
import pytest

from xiaoer import Context, MemberJoined, NoConfig, Plugin, PluginError, on_join
from xiaoer.hookspecs import HOOKS, HookSpecs
from xiaoer.registry import Registry

raw = pluggy.HookimplMarker("xiaoer")


class Fine(Plugin[NoConfig]):
    name = "fine"

    @on_join
    async def greet(self, ctx: Context[NoConfig], event: MemberJoined) -> None:
        """Do nothing."""


def refusal_of(plugin: Plugin[Any]) -> str:
    with pytest.raises(PluginError) as caught:
        Registry().register(plugin)
    return str(caught.value)


def test_a_marked_method_is_found_whatever_its_own_name_is() -> None:
    registry = Registry()
    plugin = Fine()
    registry.register(plugin)
    assert registry.implementations("on_join") == {"fine": plugin.greet}
    assert registry.implementations("on_leave") == {}


def test_two_apps_in_one_process_do_not_see_each_other() -> None:
    one, other = Registry(), Registry()
    one.register(Fine())
    assert other.plugins == {}
    assert other.implementations("on_join") == {}


def test_a_second_plugin_of_the_same_name_is_refused() -> None:
    registry = Registry()
    registry.register(Fine())
    with pytest.raises(PluginError, match="rename one of them"):
        registry.register(Fine())


@pytest.mark.parametrize("bad", ["", "Fine", "9lives", "a-b", "x" * 33])
def test_a_name_that_could_not_be_a_key_or_a_table_is_refused(bad: str) -> None:
    assert "give the class a name" in refusal_of(type("P", (Plugin,), {"name": bad})())


def test_a_name_that_is_a_key_of_a_community_is_refused() -> None:
    assert "rename the plugin" in refusal_of(type("P", (Plugin,), {"name": "texts"})())


def test_a_sync_hook_is_refused_with_what_to_write() -> None:
    class Sync(Plugin[NoConfig]):
        name = "sync"

        @raw(specname="on_join")
        def greet(self, ctx: Any, event: Any) -> None:
            """Do nothing."""

    assert "write async def greet(self, ctx, event)" in refusal_of(Sync())


def test_wrong_arguments_are_refused_with_the_right_ones() -> None:
    class Wrong(Plugin[NoConfig]):
        name = "wrong"

        @raw(specname="on_join")
        async def greet(self, event: Any) -> None:
            """Do nothing."""

    assert "takes (event): write async def greet(self, ctx, event) for on_join" in refusal_of(Wrong())


def test_an_unknown_hook_is_refused_with_the_nearest_known_one() -> None:
    class Unknown(Plugin[NoConfig]):
        name = "unknown"

        async def on_joined(self, ctx: Any, event: Any) -> None:
            """Do nothing."""

    assert "did you mean @on_join?" in refusal_of(Unknown())


def test_a_forgotten_marker_is_named() -> None:
    class Forgot(Plugin[NoConfig]):
        name = "forgot"

        async def on_join(self, ctx: Any, event: Any) -> None:
            """Do nothing."""

    assert "write @on_join above it" in refusal_of(Forgot())


@pytest.mark.parametrize("option", ["wrapper", "hookwrapper", "tryfirst", "trylast"])
def test_what_would_change_the_order_is_refused(option: str) -> None:
    async def greet(self: Any, ctx: Any, event: Any) -> None:
        """Do nothing."""

    greet.xiaoer_impl = {"specname": "on_join", option: True}  # type: ignore[attr-defined]
    plugin = type("Eager", (Plugin,), {"name": "eager", "greet": greet})()
    assert f"asks for {option}" in refusal_of(plugin)


def test_a_configuration_that_is_no_model_is_refused() -> None:
    assert "pydantic model" in refusal_of(type("P", (Plugin,), {"name": "p", "config": dict})())


def test_every_hook_of_an_event_has_a_spec() -> None:
    specs = {name for name in vars(HookSpecs) if not name.startswith("_")}
    assert specs == {*HOOKS, "screen"}
