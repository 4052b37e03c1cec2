"""What an operator can set about the daily peaks and the library."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from xiaoer import Settings
from xiaoer_broadcaster.item import EARLIEST, TEASERS, is_slot_name
from xiaoer_broadcaster.slot import LEAST, MOST, Window, parse_window

SLOTS = 12
"""So many slots a community has at most."""


def _named(name: str) -> str:
    if not is_slot_name(name):
        raise ValueError(
            f"{name!r} cannot name a slot: write small letters, digits, - and _, at most 16, beginning with a letter, "
            "and not any"
        )
    return name


def _window(text: str) -> str:
    if parse_window(text) is None:
        raise ValueError(
            f"{text!r} is no window: write 07:30-09:00 or 07:30-09:00 mon-fri, of {LEAST} minutes to {MOST // 60} hours"
        )
    return text


class BroadcasterConfig(Settings):
    """``[communities.<id>.broadcaster]``: the slots, who approves, and what goes with a post."""

    slots: dict[Annotated[str, AfterValidator(_named)], Annotated[str, AfterValidator(_window)]] = Field(
        default={"morning": "07:30-09:00", "noon": "12:15-13:30", "evening": "20:30-22:00"},
        max_length=SLOTS,
        description="When posts go out: a name for each slot, and from when until when, `07:30-09:00` for instance, "
        "with days behind where it is not every day: `mon-fri` or `sat,sun`.",
    )
    jitter: int = Field(
        default=0,
        ge=0,
        le=120,
        description="Minutes by which a post is put off at most, by chance; at most half of the shortest window.",
    )
    misfire: Literal["late", "skip"] = Field(
        default="late",
        description="What becomes of a post that could not go out in time: it goes out while its window lasts, or "
        "not at all.",
    )
    approvals: int = Field(
        default=1, ge=0, le=1, description="1: nobody approves what they wrote; 0: for a community run by one."
    )
    points: int = Field(default=0, ge=0, le=10_000, description="Points for an author whose item goes out.")
    teasers: tuple[Annotated[int, Field(ge=1, le=EARLIEST)], ...] = Field(
        default=(),
        max_length=TEASERS,
        description="Minutes before a post at which it is announced, where the item does not say otherwise.",
    )
    chats: tuple[Literal["main", "announce"], ...] = Field(
        default=("main",), min_length=1, description="In which chats posts go out."
    )
    useful: bool = Field(default=True, description="Whether posts have a button by which people say that they like it.")
    submissions: int = Field(default=10, ge=1, le=1_000, description="Items that one person submits a day.")
    folder: str = Field(
        default="", description="The folder of Markdown files that `/script import` reads and `/script export` writes."
    )

    @model_validator(mode="after")
    def _jitter_fits(self) -> Any:
        shortest = min((window.minutes for window in self.windows().values()), default=2 * self.jitter)
        if self.jitter > shortest // 2:
            raise ValueError(
                f"jitter = {self.jitter} is more than half of the shortest window, which has {shortest} minutes: "
                f"write at most {shortest // 2}"
            )
        return self

    def windows(self) -> dict[str, Window]:
        """Return the slots with their windows."""
        return {name: window for name, text in self.slots.items() if (window := parse_window(text)) is not None}
