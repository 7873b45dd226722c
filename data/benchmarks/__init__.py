"""The benchmarks of the Paper2Code paper: which papers are in each, and reading one of them."""

from data.benchmarks.lists import BenchmarkPaper, benchmark_names, load_benchmark
from data.benchmarks.papers import find_paper, read_benchmark_paper

__all__ = ["BenchmarkPaper", "benchmark_names", "find_paper", "load_benchmark", "read_benchmark_paper"]
