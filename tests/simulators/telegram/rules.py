"""Reading requests as Telegram does: names, types and rules, checked against aiogram's and teremok's descriptions."""

from __future__ import annotations

import inspect
import json
from typing import Any

import aiogram.methods
from aiogram import Bot
from aiogram.methods import TelegramMethod
from aiogram.types import InputMediaAnimation, InputMediaDocument, InputMediaPhoto, InputMediaVideo
from pydantic import TypeAdapter, ValidationError
from teremok.validation import ApiRuleViolation, validate_method

METHODS: dict[str, type[TelegramMethod[Any]]] = {
    found.__api_method__: found
    for found in vars(aiogram.methods).values()
    if inspect.isclass(found) and issubclass(found, TelegramMethod) and hasattr(found, "__api_method__")
}


FILES = ("photo", "animation", "video", "document")
MEDIA: dict[str, type[Any]] = {
    "photo": InputMediaPhoto,
    "animation": InputMediaAnimation,
    "video": InputMediaVideo,
    "document": InputMediaDocument,
}
"""What a message can be made to carry afterwards (Bot API, editMessageMedia)."""

CAPTION = 1024
"""Units of UTF-16 (Bot API, InputMediaPhoto.caption)."""


class ApiError(Exception):
    """What Telegram refuses.

    Args:
        status: the HTTP status, also ``error_code``.
        words: ``description``.
        parameters: ``parameters``.
    """

    def __init__(self, status: int, words: str, **parameters: Any) -> None:
        self.status = status
        self.words = words
        self.parameters = parameters
        super().__init__(words)


def read(name: str, params: dict[str, str], bot: Bot) -> TelegramMethod[Any]:
    """Return a request as a typed method.

    Raises:
        ApiError: Telegram knows no such method, or it would not take these parameters.
    """
    kind = METHODS.get(name)
    if kind is None:
        raise ApiError(404, "Not Found: method not found")
    unknown = sorted(params.keys() - kind.model_fields.keys())
    if unknown:
        raise ApiError(400, f"Bad Request: unknown parameter {unknown[0]} of {name}")
    values = {field: _value(kind, name, field, text) for field, text in params.items()}
    if "media" in values:
        _check_media(params["media"], values["media"])
    try:
        method = kind(**values)
        validate_method(bot, method)
    except ValidationError as error:
        raise ApiError(400, f"Bad Request: {name}: {error.errors()[0]['loc']} {error.errors()[0]['msg']}") from error
    except ApiRuleViolation as error:
        raise ApiError(400, error.description) from error
    return method


def _check_media(text: str, given: Any) -> None:
    """Look at what a message is to become; teremok looks at what stands beside it only.

    Raises:
        ApiError: it is no file, or Telegram would not take it.
    """
    kind = MEDIA.get(json.loads(text).get("type"))
    unknown = sorted(json.loads(text).keys() - kind.model_fields.keys()) if kind is not None else []
    if kind is None or not isinstance(given, kind) or unknown:
        raise ApiError(400, f"Bad Request: can't parse InputMedia: {unknown or 'this simulator does not know it'}")
    width = len((given.caption or "").encode("utf-16-le")) // 2
    if width > CAPTION:
        raise ApiError(400, "Bad Request: message caption is too long")
    if any(entity.offset + entity.length > width for entity in given.caption_entities or ()):
        raise ApiError(400, "Bad Request: can't parse entities: entity out of text bounds")


def _value(kind: type[TelegramMethod[Any]], name: str, field: str, text: str) -> Any:
    if field in FILES:
        return text
    adapter: TypeAdapter[Any] = TypeAdapter(kind.model_fields[field].annotation)
    if field == "chat_id" and text.lstrip("-").isdigit():
        return int(text)
    try:
        return adapter.validate_python(text)
    except ValidationError:
        pass
    try:
        return adapter.validate_python(json.loads(text))
    except (ValidationError, ValueError) as error:
        raise ApiError(400, f"Bad Request: can't parse {field} of {name}") from error
