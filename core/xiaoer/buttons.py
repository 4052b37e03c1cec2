"""Buttons: a short signed id that travels to the platform and back, and means the same after a restart."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from msgspec.structs import replace

from xiaoer.content import Button, Content
from xiaoer.errors import PluginError, Refusal
from xiaoer.plugin import ButtonSpec, Plugin, Visibility, marked

ID_LIMIT = 64
"""Bytes of an id (Bot API, InlineKeyboardButton.callback_data: 1-64 bytes)."""

REMEMBERED = 1_000
"""So many buttons that were opened are known without looking at their signature again: crowds press the same ones."""

_MAC_BYTES = 9  # 72 bits, 12 characters


class ButtonSigner:
    """Gives buttons their ids and reads them back.

    Args:
        key: what they are signed with.
    """

    def __init__(self, key: bytes) -> None:
        self._keyed = hmac.new(key, digestmod="sha256")  # setting the key up costs more than the rest
        self._opened: dict[tuple[str, str], tuple[str, str, str]] = {}

    def sign(self, community: str, plugin: str, content: Content) -> Content:
        """Return the content with all its buttons signed.

        Raises:
            PluginError: a button's data is too long or not plain ASCII.
        """
        rows = tuple(tuple(self._signed(community, plugin, button) for button in row) for row in content.buttons)
        return replace(content, buttons=rows)

    def _signed(self, community: str, plugin: str, button: Button) -> Button:
        body = f"{plugin}.{button.name}:{button.data}"
        if ":" in button.name:
            raise PluginError(plugin, f"button {button.name}: its name must not have a colon")
        if not (body.isascii() and body.isprintable()) or "~" in body:
            raise PluginError(plugin, f"button {button.name}: its name and data must be printable ASCII without ~")
        signed = f"{body}~{self._mac(community, body)}"
        if len(signed) > ID_LIMIT:
            raise PluginError(plugin, f"button {button.name}: its data is {len(signed) - ID_LIMIT} characters too long")
        return Button(button.label, button.name, button.data, signed)

    def open(self, community: str, pressed: str) -> tuple[str, str, str]:
        """Return the plugin, name and data of a button that was pressed.

        Raises:
            Refusal: the id was not made here for this community.
        """
        known = self._opened.get((community, pressed))
        if known is not None:
            return known
        body, _, mac = pressed.rpartition("~")
        if not pressed.isascii() or not hmac.compare_digest(mac, self._mac(community, body)):
            raise Refusal("xiaoer.button.invalid")
        place, _, data = body.partition(":")
        plugin, _, name = place.partition(".")
        if len(self._opened) >= REMEMBERED:
            self._opened.clear()
        self._opened[community, pressed] = plugin, name, data
        return plugin, name, data

    def _mac(self, community: str, body: str) -> str:
        mac = self._keyed.copy()
        mac.update(f"button\0{community}\0{body}".encode())
        return base64.urlsafe_b64encode(mac.digest()[:_MAC_BYTES]).decode()


class ButtonTable:
    """What the buttons of a community's plugins do.

    Args:
        plugins: (name, plugin) in the community's order.

    Raises:
        PluginError: a plugin declares a button twice.
    """

    def __init__(self, plugins: Iterable[tuple[str, Plugin[Any]]]) -> None:
        self._handlers: dict[tuple[str, str], tuple[Callable[..., Coroutine[Any, Any, None]], Visibility]] = {}
        for name, plugin in plugins:
            for function, spec in marked(plugin):
                if isinstance(spec, ButtonSpec):
                    if (name, spec.name) in self._handlers:
                        raise PluginError(name, f"button {spec.name} is declared twice")
                    self._handlers[name, spec.name] = function, spec.answer

    def find(self, plugin: str, name: str) -> tuple[Callable[..., Coroutine[Any, Any, None]], Visibility]:
        """Return what a button does and who sees the answer.

        Raises:
            Refusal: its plugin does not declare it any more.
        """
        found = self._handlers.get((plugin, name))
        if found is None:
            raise Refusal("xiaoer.button.invalid")
        return found
