"""What the libraries need to find in the environment before they are imported."""

import os

_SETTINGS = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def prepare_environment() -> None:
    """Keep libraries from reaching for the internet; without this the MLflow server hangs where there is none."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
