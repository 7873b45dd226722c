"""What the libraries need to find in the environment before they are imported."""

import os

_SETTINGS = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Spans go to the store in few large batches: a sqlite write for every five of them doubles a run's wall clock.
    "MLFLOW_TRACE_EXTRACT_ATTACHMENTS": "false",  # prompts are searched for embedded files otherwise
    "MLFLOW_ASYNC_TRACE_LOGGING_MAX_SPAN_BATCH_SIZE": "512",
    "MLFLOW_ASYNC_TRACE_LOGGING_MAX_INTERVAL_MILLIS": "30000",
    "MLFLOW_ASYNC_TRACE_LOGGING_MAX_WORKERS": "1",  # they would only wait for each other
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # by default a server that is not there is found out after four minutes
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def prepare_environment() -> None:
    """Keep libraries from reaching for the internet, and MLflow from slowing runs down.

    Without the first, the MLflow server hangs where there is no internet.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
