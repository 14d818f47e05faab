#!/usr/bin/env bash
# Every static check; goes on after a failure so that one run shows all of them.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=()
step() {
  local name=$1
  echo "» $name"
  shift
  "$@" || failed+=("$name")
}
step "ruff check" $bin/ruff check --output-format concise .
step "ruff format" $bin/ruff format --check .
step "mypy" $bin/mypy
if [ -d templates ]; then
  step "djlint" $bin/djlint templates --lint --quiet
fi
step "imports" $bin/lint-imports
step "règles de la maison" $bin/python -m outils.regles
if ((${#failed[@]})); then
  echo "lint: failed in: ${failed[*]}" >&2
  exit 1
fi
