# shellcheck shell=bash
# Sourced by start.sh before an image's own hooks (the contract of docker-stacks): the hub mounts it into every server.
# Jupyter and IPython need folders that can be read and written. Where the home's cannot (a full or read-only home, a
# file of root's, a link that leads nowhere), they get others in memory; what can be read is still found.

_hubinstall_fault() { # NEED FOLDER...: why Jupyter cannot work with one of these, if so
    local need=$1 folder entry
    shift
    for folder; do
        # `read`: it may be missing, or be a file.
        if [ -L "$folder" ] && [ ! -e "$folder" ]; then
            echo "$folder leads nowhere"
            return
        fi
        if [ "$need" = read ]; then
            [ ! -d "$folder" ] || { [ -x "$folder" ] && [ -r "$folder" ]; } || { echo "$folder cannot be read"; return; }
            continue
        fi
        [ -d "$folder" ] || (umask 077 && exec mkdir -p -- "$folder") 2>/dev/null || { echo "$folder cannot be created"; return; }
        [ "$need" != make ] || continue # its files are no matter
        if ! { printf '%16384s' '' > "$folder/.hubinstall-test"; } 2>/dev/null; then
            rm -f -- "$folder/.hubinstall-test" 2>/dev/null
            echo "$folder cannot be written to"
            return
        fi
        rm -f -- "$folder/.hubinstall-test"
        for entry in "$folder"/* "$folder"/*/*; do
            [ ! -e "$entry" ] || [ -r "$entry" ] || { echo "$entry cannot be read"; return; }
            # `change`: it also changes the files that are there.
            [ "$need" != change ] || [ ! -f "$entry" ] || [ -w "$entry" ] || { echo "$entry cannot be changed"; return; }
        done
    done
}

_hubinstall_instead() { # VARIABLE NEED FOLDER...: set the variable to a folder in memory, if one of these will not do
    local variable=$1 fault
    shift
    [ -z "${!variable:-}" ] || return 1
    fault=$(_hubinstall_fault "$@")
    [ -n "$fault" ] || return 1
    echo "start.sh: $fault: until it ends, this server uses a folder in memory for $variable" >&2
    export "$variable=/tmp/.instead-of-home/$variable"
    mkdir -p "/tmp/.instead-of-home/$variable"
}

_hubinstall_room() { # FOLDER: says so if there is next to no room, for who reads why a start has failed
    local size free used
    read -r _ size _ free used _ < <(df -hP -- "$1" 2>/dev/null | tail -n 1) || return 0
    case $used in 98% | 99% | 100%) ;; *) return ;; esac
    echo "start.sh: the disk or quota of $1 is full: $free of $size are free" >&2
}

_hubinstall_data=${XDG_DATA_HOME:-$HOME/.local/share}/jupyter
# All that IPython makes when its first kernel starts: the last free block may be gone until then.
_hubinstall_profile=$HOME/.ipython/profile_default
_hubinstall_instead IPYTHONDIR change "$HOME/.ipython" ||
    _hubinstall_instead IPYTHONDIR make "$_hubinstall_profile"{,/log,/pid,/security,/startup} || true
if _hubinstall_instead JUPYTER_DATA_DIR write "$_hubinstall_data"; then
    export JUPYTER_PATH="${JUPYTER_PATH:+$JUPYTER_PATH:}$_hubinstall_data"
fi
if _hubinstall_instead JUPYTER_CONFIG_DIR write "$HOME/.jupyter"; then
    cp -R "$HOME/.jupyter/." "$JUPYTER_CONFIG_DIR/" 2>/dev/null || true
fi
_hubinstall_instead XDG_CONFIG_HOME read "$HOME/.config" "$HOME/.config/jupytext" "$HOME/.config/git" || true
_hubinstall_room "$HOME" || true
# A share of the person's groups has no link in the homes of others, so not in new ones either.
for _hubinstall_share in ${HUBINSTALL_SHARES:-}; do
    _hubinstall_link=$HOME/${_hubinstall_share##*/}
    [ -e "$_hubinstall_link" ] || [ -L "$_hubinstall_link" ] || ln -s -- "$_hubinstall_share" "$_hubinstall_link" 2>/dev/null || true
done
unset _hubinstall_data _hubinstall_profile _hubinstall_share _hubinstall_link
unset -f _hubinstall_fault _hubinstall_instead _hubinstall_room
