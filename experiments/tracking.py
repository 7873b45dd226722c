"""Runs in MLflow: parameters, metrics, tags, artifacts, and one trace for each program call."""

import logging
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock

from data.errors import ConfigError
from experiments.config import Tracking
from program.folder import RunFolder
from program.paper_coder import PaperCoder
from signatures.sections import SHARED_CONTEXT

_SHARED = {*SHARED_CONTEXT, "plan"}

_turn = threading.RLock()
"""Held by the thread that uses a sqlite store: those that wait for the file's own lock sleep far too long."""


def store() -> str:
    """Return the address of the MLflow store: `MLFLOW_TRACKING_URI`, or a sqlite file in the working directory."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path('mlflow.db').absolute()}"


class Tracker:
    """One run in MLflow, or nothing at all if tracking is switched off."""

    def __init__(self, run_id: str | None = None) -> None:
        self.run_id = run_id
        self.failed = False
        """Whether a run that comes to its end is closed as FAILED all the same."""
        self._flushed: str | None = None

    def log(
        self,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Log to the run.

        A parameter keeps the value of the first session; where a later one has another, a tag of its name says so.

        Raises:
            ConfigError: The store cannot be written to.
        """
        if self.run_id is None:
            return
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param, RunTag

        now = time.time_ns() // 1_000_000
        tags = {key: value[:4900] for key, value in (tags or {}).items()}
        texts = {key: str(value)[:500] for key, value in (params or {}).items()}
        with _explained():
            client = MlflowClient()
            known = client.get_run(self.run_id).data.params if texts else {}
            tags |= {key: text for key, text in texts.items() if known.get(key, text) != text}
            client.log_batch(
                self.run_id,
                [Metric(key, value, now, 0) for key, value in (metrics or {}).items()],
                [Param(key, text) for key, text in texts.items() if key not in known],
                [RunTag(key, text) for key, text in tags.items()],
            )

    @contextmanager
    def child(self, name: str, run_id: str | None = None) -> Iterator["Tracker"]:
        """Open a run below this one for as long as the block lasts.

        Args:
            name: Name of the run.
            run_id: The run to go on with, if the store has it.

        Raises:
            ConfigError: The store cannot be used.
        """
        tracker = self.open_child(name, run_id)
        with closing(tracker.close):
            yield tracker

    def open_child(self, name: str, run_id: str | None = None) -> "Tracker":
        """Open a run below this one, or go on with an earlier one; `close` ends it, in whatever thread.

        Args:
            name: Name of the run.
            run_id: The run to go on with, if the store has it.

        Raises:
            ConfigError: The store cannot be used.
        """
        if self.run_id is None:
            return Tracker()
        from mlflow import MlflowClient
        from mlflow.tracking.context.registry import resolve_tags
        from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

        with _explained():
            client, run_id = MlflowClient(), _known(run_id)
            if run_id:
                client.update_run(run_id, status="RUNNING")
            else:
                experiment = client.get_run(self.run_id).info.experiment_id
                tags = resolve_tags({MLFLOW_PARENT_RUN_ID: self.run_id})
                run_id = client.create_run(experiment, tags=tags, run_name=name).info.run_id
        return Tracker(run_id)

    def close(self, status: str) -> None:
        """End the run.

        Args:
            status: FINISHED, FAILED or KILLED.

        Raises:
            ConfigError: The store cannot be written to.
        """
        if self.run_id is None:
            return
        from mlflow import MlflowClient

        with _explained():
            MlflowClient().set_terminated(self.run_id, status)

    def other(self, run_id: str | None) -> "Tracker":
        """Return the tracker of another run, to log figures to it; of one that is not in the store, an idle one."""
        if self.run_id is None or run_id is None:
            return Tracker()
        with _explained():
            return Tracker(_known(run_id))

    def flush(self) -> None:
        """Wait until all traces are in the store.

        Raises:
            ConfigError: The store cannot be written to.
        """
        if self.run_id is None:
            return
        import mlflow

        with _explained(alone=False):  # it is another thread that writes them
            mlflow.flush_trace_async_logging(terminate=True)  # otherwise it waits a second more, for nothing
            mlflow.tracing.reset()  # type: ignore[no-untyped-call]  # later traces are written as before
        self._flushed = mlflow.get_last_active_trace_id()

    @property
    def flushed(self) -> bool:
        """Whether no trace has ended since `flush`."""
        import mlflow

        return self._flushed is not None and self._flushed == mlflow.get_last_active_trace_id()

    def assess(self, trace: str, name: str, value: float, rationale: str, source: str, **metadata: str) -> None:
        """Put a judgement beside a trace that is in the store.

        Args:
            trace: Id of the trace.
            name: What is judged.
            value: The score.
            rationale: Why.
            source: Who judges.
            **metadata: What else is to be known.

        Raises:
            ConfigError: The store cannot be written to.
        """
        if self.run_id is None:
            return
        import mlflow
        from mlflow.entities import AssessmentSource, AssessmentSourceType

        with _explained():
            mlflow.log_feedback(
                trace_id=trace,
                name=name,
                value=value,
                rationale=rationale,
                source=AssessmentSource(source_type=AssessmentSourceType.LLM_JUDGE, source_id=source),
                metadata=metadata,
            )

    def log_files(self, paths: Iterable[Path], place: str | None = None) -> None:
        """Log files as artifacts.

        Raises:
            ConfigError: The store cannot be written to.
        """
        if self.run_id is None:
            return
        import mlflow

        with _explained():
            for path in paths:
                mlflow.log_artifact(str(path), place, run_id=self.run_id)

    def log_step(self, name: str, value: float, step: int) -> None:
        """Log a point of a curve.

        Raises:
            ConfigError: The store cannot be written to.
        """
        if self.run_id is None:
            return
        import mlflow

        with _explained():
            mlflow.log_metric(name, value, step=step, run_id=self.run_id)

    def register_prompt(self, name: str, text: str, alias: str) -> None:
        """Put a text into the prompt registry under an alias; nothing if the alias names that text already.

        Raises:
            ConfigError: The store cannot be written to.
        """
        if self.run_id is None:
            return
        import mlflow

        with _explained():
            known = mlflow.genai.load_prompt(f"prompts:/{name}@{alias}", allow_missing=True, link_to_model=False)
            if known is not None and known.template == text:
                return
            made = mlflow.genai.register_prompt(name=name, template=text, tags={"run": self.run_id})
            mlflow.genai.set_prompt_alias(name, alias=alias, version=made.version)

    def log_model(self, program: Any) -> None:
        """Log a DSPy program as a model of this run.

        Raises:
            ConfigError: The store cannot be written to.
        """
        if self.run_id is None:
            return
        import mlflow

        with _explained():
            mlflow.dspy.log_model(program, name="program", pip_requirements=["papercoder"])

    @contextmanager
    def trace(self, name: str, **inputs: str) -> Iterator[None]:
        """Let all that the block asks be one trace of this run."""
        if self.run_id is None:
            yield
            return
        import mlflow
        from mlflow.tracing.constant import TraceMetadataKey

        with mlflow.start_span(name) as span:
            span.set_inputs(inputs)
            mlflow.update_current_trace(metadata={TraceMetadataKey.SOURCE_RUN: self.run_id})
            yield

    def last_trace(self) -> str | None:
        """Return the id of the trace that this thread has written last."""
        if self.run_id is None:
            return None
        import mlflow

        return mlflow.get_last_active_trace_id(thread_local=True)

    def callbacks(self) -> list[Any]:
        """Return the DSPy callbacks that write the traces of the run."""
        if self.run_id is None:
            return []
        import mlflow
        from mlflow.dspy.callback import MlflowCallback
        from mlflow.tracing.constant import TraceMetadataKey

        run_id = self.run_id

        class Callback(MlflowCallback):
            """Leaves out what the spans of the language model hold already: what adapters do, and the shared context.

            A trace belongs to this run; MLflow would give it to the run that was opened last, in whatever thread.
            """

            def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
                """Open a span with the inputs that only this module has, but for functions: they take MLflow long."""
                kwargs = {key: value for key, value in inputs["kwargs"].items() if not callable(value)}
                if not isinstance(instance, PaperCoder):
                    kwargs = {key: value for key, value in kwargs.items() if key not in _SHARED}
                inputs = {**inputs, "kwargs": kwargs}
                begins = mlflow.get_current_active_span() is None
                super().on_module_start(call_id, instance, inputs)
                if begins:
                    mlflow.update_current_trace(metadata={TraceMetadataKey.SOURCE_RUN: run_id})

            def on_adapter_format_start(self, *args: Any, **kwargs: Any) -> None:
                """Open no span."""

            on_adapter_format_end = on_adapter_parse_start = on_adapter_parse_end = on_adapter_format_start

        return [Callback()]

    def log_folder(self, folder: Path) -> None:
        """Log the artifacts of a run's folder: what was made, and nothing that somebody else has put there.

        Raises:
            ConfigError: The store cannot be written to.
        """
        if self.run_id is None:
            return

        own = [folder / name for name in ("paper.md", "run.json", "transcript.jsonl", "made.jsonl")]
        for path in [*own, *RunFolder(folder).made()]:
            if path.is_file():
                place = path.parent.relative_to(folder).as_posix()
                self.log_files([path], None if place == "." else place)


@contextmanager
def tracked(settings: Tracking, name: str, run_id: str | None = None) -> Iterator[Tracker]:
    """Open a run, or go on with an earlier one; close it as FINISHED, FAILED or KILLED.

    Args:
        settings: Where runs belong, and whether they are tracked.
        name: Name of the run.
        run_id: The run to go on with, if the store has it.

    Raises:
        ConfigError: The store cannot be used.
    """
    if not settings.enabled:
        yield Tracker()
        return
    import mlflow

    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    with _explained():
        _prepare_store()
        mlflow.set_tracking_uri(store())
        if mlflow.get_experiment_by_name(settings.experiment) is None:
            local = store().startswith("sqlite:")
            location = Path("mlartifacts").absolute().as_uri() if local else None
            mlflow.create_experiment(settings.experiment, artifact_location=location)
        mlflow.set_experiment(settings.experiment)
        run_id = _known(run_id)
        run = mlflow.start_run(run_id=run_id, run_name=None if run_id else name)
    mlflow.dspy.autolog(log_traces_from_compile=True)
    mlflow.tracing.disable_notebook_display()  # type: ignore[no-untyped-call]  # each trace would look for one
    tracker = Tracker(run.info.run_id)
    with closing(partial(_close, tracker)):
        yield tracker


@contextmanager
def closing(close: Callable[[str], None]) -> Iterator[None]:
    """Close a run behind a block, with the status that the block ends with: FINISHED, FAILED or KILLED."""
    try:
        yield
    except BaseException as error:
        with suppress(ConfigError):  # what went wrong first is what is told
            close("FAILED" if isinstance(error, Exception) else "KILLED")
        raise
    close("FINISHED")


def _known(run_id: str | None) -> str | None:
    """Return the id of a run if the store has it, in the experiment at hand."""
    import mlflow

    if run_id and mlflow.search_runs(filter_string=f"attributes.run_id = '{run_id}'", output_format="list"):
        return run_id
    return None


def _prepare_store() -> None:
    """Make the default store where there is none; whole or not at all, by one process at a time."""
    path = Path("mlflow.db")
    if "MLFLOW_TRACKING_URI" in os.environ or path.exists():
        return
    import mlflow

    with FileLock(".mlflow.lock"):
        if path.exists():
            return
        print("preparing the MLflow store, once for this folder", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=".", prefix=".mlflow-") as folder:
            new = Path(folder).absolute() / "mlflow.db"
            mlflow.MlflowClient(f"sqlite:///{new}").search_experiments(max_results=1)
            new.replace(path)


@contextmanager
def _explained(alone: bool = True) -> Iterator[None]:
    """Use the store, by default as the only thread, and turn its errors into one line."""
    from alembic.util.exc import CommandError
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with _turn if alone and store().startswith("sqlite:") else nullcontext():
            yield
    except (MlflowException, SQLAlchemyError, CommandError, ImportError, OSError) as error:
        raise ConfigError(
            f"MLflow: the store cannot be used: {' '.join(str(error).split())[:300]}; correct MLFLOW_TRACKING_URI, "
            "or switch tracking off with --set tracking.enabled=false"
        ) from None


def _kill_children(tracker: Tracker) -> None:
    """Close the runs below a run whose threads will not do so any more."""
    import mlflow

    below = f"tags.`mlflow.parentRunId` = '{tracker.run_id}' and attributes.status = 'RUNNING'"
    with _explained():
        for run in mlflow.search_runs(filter_string=below, output_format="list"):
            mlflow.MlflowClient().set_terminated(run.info.run_id, "KILLED")


def _close(tracker: Tracker, status: str) -> None:
    import mlflow

    if status != "FINISHED":
        with suppress(ConfigError):
            _kill_children(tracker)
    elif tracker.failed:
        status = "FAILED"
    mlflow.dspy.autolog(disable=True)
    with _explained():
        try:
            if not tracker.flushed:  # it takes a second or two even if there is nothing to do
                tracker.flush()
        finally:
            mlflow.end_run(status)


def serve(host: str, port: int) -> None:
    """Open the MLflow server on the default store; returns only by replacing this process.

    Raises:
        ConfigError: There is nothing to show, or the store has a server of its own.
    """
    if store().startswith(("http://", "https://", "databricks")):
        raise ConfigError("MLFLOW_TRACKING_URI names a server; open its address in a browser")
    path = Path(store().removeprefix("sqlite:///"))
    if store().startswith("sqlite:") and not path.is_file():
        raise ConfigError(f"no MLflow store at {path}; do a run first, or change to the folder where you did")
    arguments = ["server", "--backend-store-uri", store(), "--host", host, "--port", str(port), "--workers", "1"]
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", *arguments])
