# Adds packages to an image, within a container of it. Everything that it needs is in /mnt, and nothing of that stays:
#
# The program comes on standard input.
#
#   apt.txt            names of the distribution's packages, one a line
#   requirements.txt   Python packages, with hashes
#   wheels             those of them that are on this machine, as files; lacking.txt: the others, a package a line
#   kernels.txt        languages whose kernel is to be registered
#   folder             files of the administrator's, among them the program postBuild, which runs at the end
#   variables          how this machine reaches the internet; sources.list, apt.conf: its mirrors
#   uv, ca.pem, cache
#
# A list that is not there is left out.
set -eu
. /mnt/variables
export TMPDIR=/mnt/cache DEBIAN_FRONTEND=noninteractive

# download: the wheels that are not on this machine, by pip, which leaves the files themselves: they are kept for the
# next build, and compared with their hashes then. 1: uv has to look for the rest, which has no wheel, or an address of its
# own; or there is no pip.
download() {
    cp /mnt/lacking.txt /mnt/cache/lacking
    sed -i '/^[^-].* @ /d' /mnt/cache/lacking
    name='' found=0
    if grep -q '^[^-].* @ ' /mnt/lacking.txt; then found=1; fi
    while grep -qv '^-' /mnt/cache/lacking; do
        python3 -m pip download --quiet --no-input --cache-dir=/mnt/cache/pip --no-deps --require-hashes \
            --only-binary=:all: --dest=/mnt/cache/wheels --requirement=/mnt/cache/lacking 2> /mnt/cache/said && break
        if grep -Eq 'Retrying \(|[Tt]imed out|[Cc]onnection' /mnt/cache/said; then
            grep -v '^ERROR: .* satisfies the requirement\|^ERROR: No matching' /mnt/cache/said >&2 # of an index away
            exit 1
        fi
        before=$name found=1
        name=$(sed -n 's/^ERROR: No matching distribution found for \([A-Za-z0-9._-]*\).*/\1/p' /mnt/cache/said)
        if [ -z "$name" ] || [ "$name" = "$before" ]; then break; fi
        sed -i "/^${name}[ @=[]/d" /mnt/cache/lacking
    done
    return "$found"
}

if [ -s /mnt/apt.txt ]; then
    # A name is a name, and no pattern if there is no such package.
    set -- -q -o APT::Cmd::Pattern-Only=true -o Acquire::Retries=2 -o Acquire::Languages=none -o APT::Sandbox::User=root \
        -o Dir::Cache::Archives=/mnt/cache/archives -o Dpkg::Options::=--force-unsafe-io
    mkdir -p /mnt/cache/archives/partial
    if [ -s /mnt/sources.list ]; then
        export APT_CONFIG=/mnt/apt.conf
        set -- "$@" -o Dir::Etc::SourceList=/mnt/sources.list -o Dir::Etc::SourceParts=/dev/null
    fi
    # Without this, a network that is away is told as packages that do not exist (apt.conf(5)).
    apt-get "$@" -o APT::Update::Error-Mode=any update
    xargs apt-get "$@" install --yes --no-install-recommends < /mnt/apt.txt
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log /var/log/alternatives.log
fi

if [ -s /mnt/requirements.txt ]; then
    mkdir -p /mnt/cache/wheels
    index=--no-index
    download || index=
    # Its list of what is new is read by try.py. With a read-only root, what is not compiled now would be at every start.
    /mnt/uv pip install --no-config --no-progress --color=never --python="$(command -v python3)" $index \
        --find-links=/mnt/wheels --find-links=/mnt/cache/wheels \
        --break-system-packages --no-deps --require-hashes --compile-bytecode --requirement=/mnt/requirements.txt \
        2> /mnt/cache/installed || { cat /mnt/cache/installed >&2; exit 1; }
fi

if [ -s /mnt/kernels.txt ]; then
    cat /mnt/kernels.txt > /mnt/cache/kernels # for try.py, which runs as nobody: the list itself is for root alone
fi
if grep -qsx r /mnt/kernels.txt; then
    R --quiet -e 'IRkernel::installspec(user = FALSE)'
fi
if grep -qsx bash /mnt/kernels.txt; then
    python3 -m bash_kernel.install --sys-prefix
fi

if [ -e /mnt/folder/postBuild ]; then
    # In a copy, because it may write beside itself. What it leaves in its home stays out of the image.
    rm -rf /mnt/cache/folder
    cp -R /mnt/folder /mnt/cache/folder
    mkdir -p /mnt/cache/home
    cd /mnt/cache/folder
    sed -i 's/\r$//' postBuild
    chmod u+x postBuild
    export HOME=/mnt/cache/home PIP_BREAK_SYSTEM_PACKAGES=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
    status=0
    if head -n 1 postBuild | grep -Eq '^#!.*[ /](ba|da)?sh([[:space:]]|$)'; then
        # Each command that fails is named with its line; which of them ends the program is its own business.
        flags=$(sed -n '1s/.*sh[[:space:]]*\(-[a-z]*\).*/\1/p' postBuild)
        bash $flags -c 'set -E; trap '\''echo "postBuild:$LINENO: $BASH_COMMAND: exit code $?" >&2'\'' ERR; . ./postBuild' \
            ./postBuild >&2 || status=$?
    else
        ./postBuild >&2 || status=$?
    fi
    if [ "$status" -ne 0 ]; then
        echo "postBuild: it ended with exit code $status" >&2
        exit 1
    fi
    cd /
    rm -rf /tmp/* /tmp/.[!.]*
fi

if [ -s /mnt/apt.txt ] || [ -e /mnt/folder/postBuild ]; then
    # No program of the image gives rights that its caller does not have.
    find / -xdev -perm /6000 -type f -exec chmod ug-s {} +
fi
