# Adds packages to an image, within a container of it. Everything that it needs is in /mnt, and nothing of that stays:
#
# The program comes on standard input.
#
#   apt.txt            names of the distribution's packages, one a line
#   requirements.txt   Python packages, with hashes
#   kernels.txt        languages whose kernel is to be registered
#   variables          how this machine reaches the internet; sources.list, apt.conf: its mirrors
#   uv, ca.pem, cache
#
# A list that is not there is left out.
set -eu
. /mnt/variables
export TMPDIR=/mnt/cache DEBIAN_FRONTEND=noninteractive

if [ -s /mnt/apt.txt ]; then
    # A name is a name, and no pattern if there is no such package.
    set -- -q -o APT::Cmd::Pattern-Only=true -o Acquire::Retries=5 -o Acquire::Languages=none -o APT::Sandbox::User=root \
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
    # No program of the image gives rights that its caller does not have.
    find / -xdev -perm /6000 -type f -exec chmod ug-s {} +
fi

if [ -s /mnt/requirements.txt ]; then
    # Its list of what is new is read by try.py. With a read-only root, what is not compiled now would be at every start.
    /mnt/uv pip install --no-config --no-progress --color=never --python="$(command -v python3)" \
        --break-system-packages --no-deps --require-hashes --compile-bytecode --requirement=/mnt/requirements.txt \
        2> /mnt/cache/installed || { cat /mnt/cache/installed >&2; exit 1; }
fi

if grep -qsx R /mnt/kernels.txt; then
    R --quiet -e 'IRkernel::installspec(user = FALSE)'
fi
