"""The limits that the simulated Discord keeps where a test asks for them."""

from __future__ import annotations

from tests.simulators.discord.throttle import MESSAGES, Throttle

SEND = f"POST {MESSAGES}"
HERE, THERE = {"channel.id": "1"}, {"channel.id": "2"}
CALLBACK = "POST /interactions/{interaction.id}/{interaction.token}/callback"


class Counted:
    """Limits at a moment that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.throttle = Throttle(lambda: self.now, lambda: self.now)

    def ask(self, times: int, name: str = SEND, path: dict[str, str] = HERE) -> list[str]:
        """Ask so often, and return the scopes of what was refused."""
        refused = [self.throttle.refusal(name, path) for _ in range(times)]
        return [one.scope for one in refused if one is not None]


def test_a_channel_takes_five_messages_and_is_full_again_five_seconds_after_the_first() -> None:
    counted = Counted()
    assert counted.ask(5) == []
    counted.now += 4.5
    refused = counted.throttle.refusal(SEND, HERE)
    assert refused is not None
    assert (refused.scope, refused.after, refused.body["global"]) == ("user", 0.5, False)
    assert counted.ask(5, path=THERE) == []
    counted.now += 0.5
    assert counted.ask(5) == []


def test_every_answer_tells_what_is_left_of_its_bucket() -> None:
    counted = Counted()
    counted.ask(2)
    told = counted.throttle.headers(SEND, HERE)
    assert told == counted.throttle.headers(SEND, THERE) | {"X-RateLimit-Remaining": "3"}
    assert (told["X-RateLimit-Limit"], told["X-RateLimit-Reset-After"]) == ("5", "5.000")


def test_a_bot_is_refused_everywhere_after_fifty_requests_but_not_where_it_answers() -> None:
    counted = Counted()
    refused = [counted.ask(1, path={"channel.id": str(number)}) for number in range(51)]
    assert refused == [[]] * 50 + [["global"]]
    assert counted.ask(1, CALLBACK, {"interaction.token": "7"}) == []
    counted.now += 0.02
    assert counted.ask(2, path={"channel.id": "99"}) == ["global"]


def test_a_bucket_that_others_empty_looks_full_and_its_refusal_is_nobodys_fault() -> None:
    counted = Counted()
    counted.throttle.lowered[SEND] = 2
    assert counted.ask(3) == ["shared"]
    assert counted.throttle.headers(SEND, HERE)["X-RateLimit-Remaining"] != "0"
    assert counted.throttle.violations == []
