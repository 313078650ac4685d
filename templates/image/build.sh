#!/bin/sh
# Builds the root file system of the default image into a folder. Needs no Docker, so it can run while Docker is
# still being installed; `docker import` makes the image of it.
#
# usage: build.sh ROOT SUITE PACKAGES LOCK UV  < lines of a sources.list
#   ROOT      the folder, made anew           PACKAGES  the distribution's packages, comma-separated
#   SUITE     the host's own release          LOCK      the Python packages, with hashes
#   UV        the host's uv: it installs from outside, with the host's way to the network and its trust store
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1 suite=$2 packages=$3 lock=$4 uv=$5

# What a build that hung or was killed has downloaded is used again; apt continues files that are incomplete.
archives=var/cache/apt/archives
debs=$root.debs
export archives debs
mkdir -p "$debs"
if [ -d "$root/$archives" ]; then
    cp -a --link --force "$root/$archives/." "$debs/"
    rm -f "$debs/lock" "$debs/partial/lock"
fi

# A build that was killed can have left mounts in it: what they show is never removed.
rm -rf --one-file-system "$root" "$root.python"

# Proxies, trust and time checks of the host's apt are the site's, so they hold here too. They can contain a
# password: in a file of root's, not in an argument.
way_out=$root.apt.conf
(umask 077 && apt-config dump | grep -v ' "";$' |
    grep -E '^Acquire::(https?|ftp|Retries|Check-Valid-Until|Check-Date)(::| )' > "$way_out" || true)

# Python's packages are fetched and compiled beside the distribution's. Bytecode too: with a read-only root, what is
# not compiled now would be compiled at every start.
"$uv" pip install --quiet --no-config --python=/usr/bin/python3 --prefix="$root.python" --break-system-packages \
    --no-deps --require-hashes --only-binary=:all: --compile-bytecode --requirement="$lock" &
layer=$!
trap 'kill "$layer" 2>/dev/null || true' EXIT

# Without dpkg's own syncs: all of it is synced at the end, before it counts.
mmdebstrap --mode=root --variant=apt --skip=check/empty,essential/unlink --include="$packages" \
    --setup-hook='cp -a --link --force "$debs/." "$1/$archives/"' \
    --aptopt='Acquire::Retries "5"' --aptopt="$way_out" \
    --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt='path-exclude=/usr/bin/*lto-dump*' \
    --dpkgopt='path-exclude=/usr/lib/*/libpython3*.a' --dpkgopt='path-exclude=/usr/lib/python3*/config-*/*.a' \
    --dpkgopt='path-exclude=/usr/share/fonts/*/unifont/*_sample.*' \
    --dpkgopt='path-exclude=/usr/share/fonts/*/unifont/*_jp.*' \
    --dpkgopt='path-exclude=/usr/share/fonts/*/unifont/*_csur.*' --dpkgopt=force-unsafe-io \
    "$suite" "$root" -

# The way out stays on the host, and so does a mirror's password.
sed -i 's|//[^/@ ]*@|//|' "$root/etc/apt/sources.list"
rm -f "$way_out" "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root/etc/resolv.conf" "$root/etc/hostname"
printf '%s\n' 'APT::Install-Recommends "false";' > "$root/etc/apt/apt.conf.d/90hubinstall"

# Into /usr/local of the distribution's own Python, so that `pip install --user` and `%pip install` find the same
# interpreter and a home that can be written. Debian's Python calls its folder there dist-packages.
wait "$layer"
cp -al "$root.python/." "$root/usr/local/"
rm -rf "$root.python"
python=$(basename "$root"/usr/local/lib/python3.*)
modules=$root/usr/local/lib/$python/dist-packages
rm -rf "$modules"
mv "$root/usr/local/lib/$python/site-packages" "$modules"

# A fifth of it is for nobody here: the hub's own pages, debuggers' maps, and the largest packages' test suites.
rm -rf "$root/usr/local/share/man" "$root/usr/local/share/jupyterhub"
find "$modules" "$root/usr/local/share" -name '*.js.map' -delete
for package in matplotlib networkx numpy pandas scipy sklearn statsmodels sympy; do
    find "$modules/$package" -type d -name tests -prune -exec rm -rf {} +
done
rm -f "$root/usr/lib/$python/EXTERNALLY-MANAGED"

cp -R --remove-destination "$here/root/." "$root/"
mkdir -p "$root/usr/local/bin/start-notebook.d"
chmod -R u=rwX,go=rX "$root/usr/local" "$root/usr/lib/python3/dist-packages/hubinstall_"*.py
find "$root/usr/local/bin" -type f -exec chmod 0755 {} +
ln -s /usr/bin/vim.tiny "$root/usr/local/bin/vim"
ln -s start-notebook.py "$root/usr/local/bin/start-notebook.sh"
ln -s start-singleuser.py "$root/usr/local/bin/start-singleuser.sh"

chroot "$root" /bin/sh -eu < "$here/inside.sh"
