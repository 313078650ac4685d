#!/bin/sh
# Renews the version locks under src/hubinstall/locks from the *.in files beside them.
# usage: installer/relock.sh [NAME…]   (installer hub supervisor node certbot image proxy vscode; all when none is named)
#
# A lock is one list for Python 3.11 and later, with hashes and without addresses, so that it serves
# any mirror. It is installed with `--no-deps --require-hashes`: what the list leaves out stays out.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
uv=${UV:-$here/.venv/bin/uv}
cd "$here/src/hubinstall/locks"

# rfc3987-syntax builds a lark grammar at import: one second of every start of a hub or a user's
# server. jupyter_events copes without it (the format check of two URI forms falls away).
lock() {
    name=$1
    shift
    "$uv" pip compile --quiet --no-config --universal --python-version 3.11 --only-binary :all: \
        --generate-hashes --no-header --no-annotate --no-emit-package rfc3987-syntax --no-emit-package lark \
        --upgrade --output-file "$name.txt" "$@" "$name.in"
}

# npm resolves; the addresses of whatever registry it asked are taken out again.
lock_modules() {
    (
        cd "$1"
        rm -f package-lock.json
        npm install --package-lock-only --omit=dev --ignore-scripts --no-audit --no-fund --silent
        python3 - <<'PYTHON'
import json
import pathlib

path = pathlib.Path("package-lock.json")
lock = json.loads(path.read_text())
for package in lock["packages"].values():
    package.pop("resolved", None)
path.write_text(json.dumps(lock, indent=2) + "\n")
PYTHON
    )
}

[ $# -gt 0 ] || set -- installer hub supervisor node certbot image proxy vscode
for name in "$@"; do
    case $name in
        proxy | vscode) lock_modules "$name" ;;
        # A user's server must speak the hub's version: hub.txt is a constraint on the image's list.
        image) lock image --constraint hub.txt ;;
        installer | hub | supervisor | node | certbot) lock "$name" ;;
        *) echo "relock: no lock is called $name" >&2; exit 2 ;;
    esac
    echo "relocked $name"
done
