#!/bin/bash
# pack.sh FOLDER ENDING COMMAND…: unpacks into FOLDER the tar archive that COMMAND prints, which reads find.py, and lays
# compressed copies beside what gets smaller: .gz, and .br where ENDING is br. Exit code 99: COMMAND gave no files.
set -uo pipefail
folder=$1 ending=$2
shift 2
here=$(dirname "$0")
# What is killed must not write on into a folder that the next run makes anew.
bound="setpriv --pdeathsig KILL --"

$bound "$@" < "$here/find.py" |
    $bound tar --extract --directory="$folder" --no-same-owner --no-same-permissions --delay-directory-restore
codes=("${PIPESTATUS[@]}")
# 125 is docker's own: it could not run the command at all.
case ${codes[0]} in
    0) [ "${codes[1]}" = 0 ] || exit 1 ;;
    125) exit 125 ;;
    *) exit 99 ;;
esac

# Whatever the archive had in it: nothing but files that everyone may read, and no way out of the folder.
set -e
find "$folder" ! -type d ! -type f -delete
find "$folder" -type d -exec chmod 0755 {} + -o -exec chmod 0644 {} +
texts() {
    find "$folder" -type f -size +1023c -regextype egrep -regex '.*\.(css|eot|ico|js|json|mjs|svg|ttf|wasm)' -print0
}
# Two at a time: on a machine of two cores that is all there is, and memory counts on the smallest.
texts | $bound xargs -0 -r -P 2 -n 16 $bound gzip -6 -n -k -f
if [ "$ending" = br ]; then
    # 9 and not 11: a tenth larger, in a twentieth of the time. (And of gzip 6 and not 9: as large, in two thirds of it.)
    texts | $bound xargs -0 -r -P 2 -n 16 $bound brotli -q 9 -k -f
fi
