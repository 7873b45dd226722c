"""Runs one command in the sandbox, for a test that starts this as another user: reads JSON, prints the outcome."""

import json
import sys
from pathlib import Path

from program.sandbox.bubblewrap import Bubblewrap
from program.sandbox.limits import Limits

if __name__ == "__main__":
    given = json.load(sys.stdin)
    outcome = Bubblewrap().run(
        given["command"],
        Path(given["folder"]),
        Limits(**given["limits"]),
        [Path(path) for path in given["read_only"]],
        given["environment"],
    )
    print(outcome.model_dump_json())
