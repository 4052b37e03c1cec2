"""What the tests of the contract share."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "needs(people, moved_time, repeats): what a stage must have, see Stage.lacks")
    config.addinivalue_line("markers", "can(*capabilities): what the platform of a stage must be able to do")
