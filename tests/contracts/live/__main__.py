"""``python -m tests.contracts.live [word ...]``: play the contract on real platforms, or say what to set."""

import os
import sys

from tests.contracts.live.running import run

sys.exit(run(os.environ, sys.argv[1:]))
