"""Run the experiment of a configuration, print its tables and write the records."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import yaml
from experiment import Record, run
from report import curve_table, duel_table, problem_table


def main() -> None:
    """Read the configuration, run every method each table needs once, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.yaml"))
    parser.add_argument("--out", type=Path, default=Path("results.json"))
    arguments = parser.parse_args()

    config = yaml.safe_load(arguments.config.read_text())
    began = time.perf_counter()
    records: list[Record] = []
    for problem in config["problems"]:
        names = needed(config, problem)
        records += run(config, problem, {name: config["methods"][name] for name in names})
    for spec in config["tables"]:
        print(f"\n{spec['title']}\n")
        print(problem_table(records, spec["methods"], spec["problems"], spec["at"]))
    for spec in config["curves"]:
        print(f"\n{spec['title']}\n")
        print(curve_table(records, spec["methods"], spec["problems"], spec["at"], spec["quantity"]))
    first = config["tables"][0]
    print("\nSeeds on which the first method has the lower error\n")
    print(duel_table(records, config["duels"], first["problems"], first["at"]))
    arguments.out.write_text(json.dumps(records))
    print(f"\n{len(records)} runs in {time.perf_counter() - began:.1f} s")


def needed(config: dict[str, Any], problem: str) -> list[str]:
    """Return the methods that some table or curve shows on a problem, in the order of the configuration."""
    specs = [spec for spec in config["tables"] + config["curves"] if problem in spec["problems"]]
    return [name for name in config["methods"] if any(name in spec["methods"] for spec in specs)]


if __name__ == "__main__":
    main()
