#!/bin/bash
# The image's entry point, as the docker-stacks contract wants it: hooks first, then the command.
set -e

# Started as root (nobody but an administrator can), it goes on as the image's user.
if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid="${NB_UID:-1000}" --regid="${NB_GID:-100}" --clear-groups --no-new-privs "$0" "$@"
fi

# Programs that `pip install --user` brings are found, but never instead of the image's own.
export PATH="$PATH:$HOME/.local/bin"

# What members of a shared folder's group make, the others may change.
if [ -n "${NB_UMASK:-}" ]; then umask "$NB_UMASK"; fi

[ -w "$HOME" ] || echo "start.sh: $HOME cannot be written by uid $(id -u): nothing will be kept" >&2

for hook in /usr/local/bin/start-notebook.d/* /usr/local/bin/before-notebook.d/*; do
    case $hook in
        *.sh) source "$hook" ;;
        *) if [ -x "$hook" ]; then "$hook"; fi ;;
    esac
done

[ $# -gt 0 ] || set -- bash
exec "$@"
