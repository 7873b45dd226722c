"""Start-up of the sandbox, and of a repository whose dependencies are cached.

    python -m experiments.benchmarks.sandbox [--repeat 21]

Each figure stands beside its limit. The package is made on the spot: no network is needed.
"""

import argparse
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

from experiments.benchmarks.footprint import report
from program.execution.run import execute
from program.sandbox.bubblewrap import Bubblewrap
from program.sandbox.dependencies import Source, environment_of, prepare
from program.sandbox.limits import Limits

PROGRAM = "import time\n\nimport numpy\n\nprint('started:', time.time())\n"


def start_up(sandbox: Bubblewrap, folder: Path) -> float:
    """Return the seconds of one run of a program that does nothing."""
    started = time.monotonic()
    sandbox.run(["true"], folder, Limits())
    return time.monotonic() - started


def begin(sandbox: Bubblewrap, folder: Path) -> float:
    """Return the seconds from the call to the first line of a repository's program, which needs one package."""
    started = time.time()
    found = prepare("numpy==1.0\n", folder / "cache", Source(folder / "wheelhouse"))
    read_only = [found.folder] if found.folder else []
    with tempfile.TemporaryDirectory() as out:
        execution = execute(
            sandbox,
            folder / "repository",
            "python main.py",
            Limits(),
            Path(out),
            read_only,
            environment_of(found),
        )
    if execution.status != "ran":
        raise SystemExit(execution.stderr)
    return execution.metrics["started"] - started


def make_wheel(wheelhouse: Path) -> None:
    """Make a package that does nothing."""
    wheelhouse.mkdir()
    information = "numpy-1.0.dist-info"
    with zipfile.ZipFile(wheelhouse / "numpy-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("numpy.py", "")
        wheel.writestr(f"{information}/METADATA", "Metadata-Version: 2.1\nName: numpy\nVersion: 1.0\n")
        wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{information}/RECORD", "numpy.py,,\n")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=21)
    options = parser.parse_args()
    sandbox = Bubblewrap()
    if reason := sandbox.why_not():
        print(f"no figures of the sandbox: {reason}")
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "repository").mkdir()
        (folder / "repository" / "main.py").write_text(PROGRAM, encoding="utf-8")
        (folder / "empty").mkdir()
        make_wheel(folder / "wheelhouse")
        times = [start_up(sandbox, folder / "empty") for _ in range(options.repeat)]
        report("start-up of the sandbox, median", statistics.median(times), 0.1, " s")
        print(f"first start of a repository, with an empty cache: {begin(sandbox, folder):.2f} s")
        times = [begin(sandbox, folder) for _ in range(options.repeat)]
        report("second start of a repository, median", statistics.median(times), 1.0, " s")


if __name__ == "__main__":
    main()
