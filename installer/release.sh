#!/bin/sh
# Builds a release into dist/, from a commit with the tag of its version: installer/release.sh [--key FILE]
# --key: signs bootstrap.py with a private key of ssh's (installer/build.py).
# PYTHON: the interpreter with setuptools and uv, when it is not the virtualenv that tests/run makes.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' src/hubinstall/__init__.py)

refuse() {
    echo "release: $1" >&2
    echo "  $2" >&2
    exit 1
}

[ -z "$(git status --porcelain)" ] || refuse "there are uncommitted changes" "Commit them, or put them aside."
grep -q "^## $version - 20..-..-..\$" CHANGELOG.md ||
    refuse "CHANGELOG.md has no section '## $version - DATE'" "Rename the section Unreleased, and commit that."
git tag --points-at HEAD | grep -qFx "v$version" ||
    refuse "this commit does not have the tag v$version" "Its version is $version: run \`git tag --annotate v$version\`."

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
export PYTHON="$python"
rm -rf dist
installer/build.py "$@" >/dev/null
# The wheel is built from the source archive, so that what was tried is what people get.
"$python" -m uv build --quiet --offline --no-config --no-build-isolation --python "$python" --out-dir dist
rm -f dist/.gitignore dist/SHA256SUMS
(cd dist && sha256sum -- * >SHA256SUMS)
ls dist
