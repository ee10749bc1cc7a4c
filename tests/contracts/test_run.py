"""`./run` is read by whichever `python3` a machine has, and tells it what is needed."""

import ast
from pathlib import Path

RUN = Path(__file__).parents[2] / "run"


def test_an_old_python_reads_it_to_the_point_where_it_looks_for_a_newer_one() -> None:
    """3.6 knows no later syntax, no future `annotations`, and no `list[str]` where a function is defined."""
    tree = ast.parse(RUN.read_text("utf-8"), feature_version=(3, 6))
    assert not [one for one in tree.body if isinstance(one, ast.ImportFrom) and one.module == "__future__"]
    for function in (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)):
        told = [argument.annotation for argument in function.args.args] + [function.returns]
        assert all(isinstance(one, ast.Name | ast.Constant | None) for one in told), function.name
