"""A paper in the working directory and a simulated model behind HTTP."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.benchmarks.simulated import Server, SimulatedModel, serving
from tests.experiments.runs import PAPER


@pytest.fixture(autouse=True)
def paper(tmp_path: Path, _fresh: None) -> Path:
    """The working directory is `tmp_path`; the paper lies there as `paper.md`."""
    path = tmp_path / "paper.md"
    path.write_text(PAPER, encoding="utf-8")
    return path


@pytest.fixture
def server() -> Iterator[Server]:
    """A model that plans three files in two layers: ten calls."""
    with serving(SimulatedModel(files=3, depth=2)) as server:
        yield server


@pytest.fixture(scope="session")
def _empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tables of an MLflow store once; that takes seconds."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store(_empty_store: Path, tmp_path: Path) -> Path:
    """An MLflow store without runs where the command line looks for one."""
    return Path(shutil.copy(_empty_store, tmp_path / "mlflow.db"))
