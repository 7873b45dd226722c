"""Compare candidate settings on the development seeds (Appendix A.2)."""

import argparse
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from experiment import run


def candidates(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the settings of one method's grid; lists are crossed, other values are fixed."""
    axes = {key: value for key, value in spec.items() if isinstance(value, list)}
    fixed = {key: value for key, value in spec.items() if key not in axes}
    return {
        ", ".join(f"{key}={value}" for key, value in zip(axes, point, strict=True)): fixed
        | dict(zip(axes, point, strict=True))
        for point in product(*axes.values())
    }


def main() -> None:
    """Print the best candidates of every method, and the best of each problem for plain TD."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("tuning.yaml"))
    parser.add_argument("--show", type=int, default=3, help="candidates printed per method")
    arguments = parser.parse_args()
    config = yaml.safe_load(arguments.config.read_text())
    for method, spec in config["grids"].items():
        grid = candidates(spec)
        errors = np.zeros((len(grid), len(config["problems"])))
        for column, problem in enumerate(config["problems"]):
            records = run(config, problem, grid)
            for row, name in enumerate(grid):
                errors[row, column] = np.mean([list(r["error"].values()) for r in records if r["method"] == name])
        overall = np.exp(np.log(errors).mean(axis=1))
        print(f"\n{method}: {len(grid)} candidates (mean, {', '.join(config['problems'])})")
        for row in np.argsort(overall)[: arguments.show]:
            print(f"  {overall[row]:.3f}  {np.round(errors[row], 3)}  {list(grid)[row]}")
        for column, problem in enumerate(config["problems"]):
            best = int(np.argmin(errors[:, column]))
            print(f"  best on {problem}: {errors[best, column]:.3f}  {list(grid)[best]}")


if __name__ == "__main__":
    main()
