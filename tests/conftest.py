"""What all tests share: logs in a line each, Ctrl-C heard by what is started, hypothesis repeatable where CI runs."""

import os
import signal
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell leaves it in what it starts beside itself
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=40)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(autouse=True)
def _plain_logs() -> Iterator[None]:
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
        logger_factory=structlog.PrintLoggerFactory(),
    )
    yield
    structlog.reset_defaults()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, or all others wait for it at the end."""
    items.sort(key=lambda item: "crash" not in item.path.parts)
