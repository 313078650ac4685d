#!/bin/sh
# nginx-check CANDIDATE FILE: nginx -t of the whole configuration as if CANDIDATE were FILE, which stays as it is.
# In a mount namespace of its own a copy lies over the folder; all of it vanishes with the process, even a killed one.
# It is copied once more if a file vanished meanwhile, such as an editor's.
exec unshare --mount --propagation private sh -euc '
    mount -t tmpfs -o mode=0700 hubinstall /mnt
    cp -a {{ nginx_dir }}/. /mnt 2>/dev/null || cp -a {{ nginx_dir }}/. /mnt
    cp -a "$1" "/mnt/${2#{{ nginx_dir }}/}"
    mount --bind /mnt {{ nginx_dir }}
    exec nginx -t -q
' sh "$1" "$2"
