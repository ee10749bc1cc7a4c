# `just` lists these recipes; `./run just RECIPE` runs one on a machine that has only Python.

export PATH := justfile_directory() / ".venv/bin:" + env("PATH")

# List the recipes
_default:
    @just --list --unsorted

# Make .venv from constraints.txt, with the development tools
setup:
    ./run --setup

# Put every file into the project's format, and fix what can be fixed
fmt:
    ruff format
    ruff check --fix

# All that continuous integration checks
check:
    ruff format --check
    ruff check
    mypy --strict src tests perf
    lint-imports
    pytest -n 2

# The tests alone; arguments go to pytest, such as `-n 2` or `-k embedded`
test *ARGS:
    pytest {{ ARGS }}

# Measure speed and statistical efficiency; figures are printed, nothing is judged
perf *ARGS:
    pytest -m perf -s perf {{ ARGS }}

# Take the README's pictures anew, of a demonstration that runs for some minutes
pictures *ARGS:
    python -m perf.pictures {{ ARGS }}

# Write store/schema.sql anew, after a migration
schema:
    python -m goldvein.store.schema

# Pin the newest allowed versions, with hashes and without any registry's address
constraints:
    ./run uv pip compile --universal --generate-hashes --upgrade --quiet \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links --python-version 3.11 \
        --group dev --group bootstrap --extra plot --extra attack --extra parquet --extra sso --extra otel --extra apprise --extra tune pyproject.toml --output-file constraints.txt
