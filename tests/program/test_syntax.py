"""Parsing Python while other threads do."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from program.syntax import parse_python


def test_many_threads_parse_good_code_at_once():
    code = "\n".join(f"def f{n}(x):\n    return [y + {n} for y in x if (y, {n}) != ((1, 2), (3,))]" for n in range(200))
    with ThreadPoolExecutor(8) as pool:
        trees = list(pool.map(parse_python, [code] * 64))
    assert {len(tree.body) for tree in trees} == {200}


def test_code_that_is_nested_too_deeply_is_an_error_of_value():
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_python("-" * 100_000 + "1")
