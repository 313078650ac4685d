# Adds packages to an image, within a container of it. Everything that it needs is in /mnt, and nothing of that stays:
#
# The program comes on standard input.
#
#   apt.txt            names of the distribution's packages, one a line
#   requirements.txt   Python packages, with hashes
#   kernels.txt        languages whose kernel is to be registered
#   folder             files of the administrator's, among them the program postBuild, which runs at the end
#   variables          how this machine reaches the internet; sources.list, apt.conf: its mirrors
#   uv, ca.pem, cache
#
# A list that is not there is left out.
set -eu
. /mnt/variables
export TMPDIR=/mnt/cache DEBIAN_FRONTEND=noninteractive

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
    # Its list of what is new is read by try.py. With a read-only root, what is not compiled now would be at every start.
    /mnt/uv pip install --no-config --no-progress --color=never --python="$(command -v python3)" \
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
