"""Run the experiment of a configuration, print its tables and write the records."""

import argparse
import json
import time
from pathlib import Path

import yaml
from experiment import Record, run
from report import contamination_table, kept_table, metrics_table


def main() -> None:
    """Read the configuration, run each table's fits once, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.yaml"))
    parser.add_argument("--out", type=Path, default=Path("results.json"))
    arguments = parser.parse_args()

    config = yaml.safe_load(arguments.config.read_text())
    began = time.perf_counter()
    records: list[Record] = []
    for spec in config["tables"]:
        done = {(record["method"], record["contamination"]) for record in records}
        for name in spec["contaminations"]:
            missing = [method for method in spec["methods"] if (method, name) not in done]
            records += run(config, missing, [name])
        print(f"\n{spec['title']}\n")
        if len(spec["contaminations"]) == 1:
            print(metrics_table(records, spec["methods"], spec["contaminations"][0], spec["metrics"]))
        else:
            print(contamination_table(records, spec["methods"], spec["contaminations"], spec["metrics"][0]))
    for spec in config.get("figures", []):
        print(f"\n{spec['title']}\n")
        iterations = [str(iteration) for iteration in spec["iterations"]]
        print(kept_table(records, spec["methods"], spec["contamination"], iterations))
    arguments.out.write_text(json.dumps(records))
    print(f"\n{len(records)} fits in {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
