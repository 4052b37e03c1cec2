"""What an operator can set, and what is said of what cannot be."""

from typing import Any

import pytest
from pydantic import ValidationError

from xiaoer_broadcaster import Broadcaster, BroadcasterConfig


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"slots": {"morning": "07:30"}}, "'07:30' is no window: write 07:30-09:00"),
        ({"slots": {"Morning": "07:30-09:00"}}, "'Morning' cannot name a slot"),
        ({"slots": {"any": "07:30-09:00"}}, "'any' cannot name a slot"),
        ({"slots": {"morning": "07:30-07:40"}, "jitter": 6}, "write at most 5"),
        ({"slots": {f"s{n}": "07:30-09:00" for n in range(13)}}, "at most 12"),
        ({"jitter": -1}, "greater than or equal to 0"),
        ({"misfire": "maybe"}, "'late' or 'skip'"),
        ({"approvals": 2}, "less than or equal to 1"),
        ({"teasers": [0]}, "greater than or equal to 1"),
        ({"chats": ["admins"]}, "'main' or 'announce'"),
        ({"chats": []}, "at least 1"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_value_is_said_in_a_sentence(config: Any, said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        BroadcasterConfig.model_validate(config, strict=False)
    assert said in str(raised.value)


def test_timers_stand_where_slots_and_teasers_begin() -> None:
    config = BroadcasterConfig(slots={"night": "00:10-01:00 sat,sun"}, teasers=(30,))
    crons = {cron.job: cron.expression for cron in Broadcaster().timers(config)}
    assert crons == {"purge": "3 4 * * *", "begin.night": "10 0 * * 6,0", "before.night.30": "40 23 * * *"}
