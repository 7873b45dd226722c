"""What the debugger repairs: six repositories with one fault each.

    python -m experiments.benchmarks.debugging OUT [--backbone NAME] [--set KEY=VALUE …]

Each is debugged in a folder of its own below OUT, all at once; the same command goes on where an earlier one stopped.
By default the answers are those of the recording in `data/faulty`. Prints a line for each repository.
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path

from data.errors import PaperCoderError
from data.faulty import RECORDING, Faulty, faulty_repositories
from experiments.environment import prepare_environment


def debug(fault: Faulty, out: Path, settings: list[str]) -> str:
    """Return what came of one repository."""
    from experiments.config import load_config
    from experiments.executing.debug import debug_repository

    repository = out / "repositories" / fault.name
    if not repository.is_dir():
        fault.write(repository)
    own = [value.replace("{name}", fault.name) for value in settings]
    try:
        done, _ = debug_repository(repository, fault.sample, None, out / fault.name, load_config(overrides=own))
    except PaperCoderError as error:
        return f"{fault.name:20} failed: {error}"
    return (
        f"{fault.name:20} {done.end}; {len(done.rounds)} rounds, {done.modified_lines} of {done.total_lines} lines "
        f"modified ({done.percentage:.2f} %); first {done.failures[0] if done.failures else '-'}"
    )


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--backbone", default="recorded")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    prepare_environment()
    settings = [f"backbone={options.backbone}", "tracking.enabled=false", *options.settings]
    if options.backbone == "recorded":
        settings.append(f"backbones.recorded.transcript={RECORDING}")
    faults = faulty_repositories()
    with ThreadPoolExecutor(len(faults)) as pool:
        jobs = [pool.submit(copy_context().run, debug, fault, options.out, settings) for fault in faults]
        lines = [job.result() for job in jobs]
    print("\n".join(lines))
    sys.exit(any(" failed: " in line for line in lines))


if __name__ == "__main__":
    main()
