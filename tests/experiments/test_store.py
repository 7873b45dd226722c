"""The default MLflow store, made when it is first needed."""

import subprocess
import sys
from pathlib import Path

PREPARE = (
    "from experiments.environment import prepare_environment; prepare_environment();"
    "from experiments.config import Tracking; from experiments.tracking import tracked\n"
    "with tracked(Tracking(enabled=True, experiment='e'), 'run') as tracker: print(tracker.run_id)"
)


def test_processes_that_start_together_in_a_fresh_folder_share_one_store() -> None:
    together = [subprocess.Popen([sys.executable, "-c", PREPARE], stdout=subprocess.PIPE) for _ in range(3)]
    runs = {process.communicate()[0].strip() for process in together}
    assert [process.returncode for process in together] == [0, 0, 0]
    assert len(runs) == 3


def test_a_store_whose_making_was_broken_off_is_made_again() -> None:
    process = subprocess.Popen([sys.executable, "-c", PREPARE], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    while b"preparing" not in process.stderr.readline():
        assert process.poll() is None
    process.kill()
    process.wait()
    assert not Path("mlflow.db").exists()
    subprocess.run([sys.executable, "-c", PREPARE], check=True, capture_output=True)
    assert Path("mlflow.db").exists()
