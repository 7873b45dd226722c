"""Run the experiment of a configuration, print its tables and write the records."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import yaml
from experiment import Job, Record, run
from report import change_table, curve_table, dispersion_table, mean_table, wins_table


def main() -> None:
    """Read the configuration, evaluate every method once where a table needs it, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.yaml"))
    parser.add_argument("--out", type=Path, default=Path("results.json"))
    arguments = parser.parse_args()

    config = yaml.safe_load(arguments.config.read_text())
    began = time.perf_counter()
    records = run(config, list_jobs(config))
    for spec in config["tables"]:
        print(f"\n{spec['title']}\n\n{render(records, spec, config['reference'])}")
    arguments.out.write_text(json.dumps(records))
    print(f"\n{len(records)} evaluations in {time.perf_counter() - began:.1f} s")


def list_jobs(config: dict[str, Any]) -> list[Job]:
    """Return, for each condition, the methods that some table shows under it, the reference first."""
    jobs: dict[str, list[str]] = {}
    for spec in config["tables"]:
        for condition in spec["conditions"]:
            methods = jobs.setdefault(condition, [config["reference"]])
            methods += [method for method in spec["methods"] if method not in methods]
    return list(jobs.items())


def render(records: list[Record], spec: dict[str, Any], reference: str) -> str:
    """Return one table as Markdown."""
    methods, conditions = spec["methods"], spec["conditions"]
    if spec["kind"] == "change":
        return change_table(records, methods, conditions, reference)
    if spec["kind"] == "dispersion":
        return dispersion_table(records, methods[0], conditions, spec["words"])
    if spec["kind"] == "curve":
        return curve_table(records, methods, conditions[0], reference)
    if spec["kind"] == "mean":
        return mean_table(records, methods, conditions, reference)
    if spec["kind"] == "wins":
        return wins_table(records, methods, conditions, spec["rivals"])
    raise ValueError(f"kind of table must be change, dispersion, curve, mean or wins, got {spec['kind']!r}")


if __name__ == "__main__":
    main()
