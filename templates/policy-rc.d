#!/bin/sh
# Written by hubinstall; goes when it goes. invoke-rc.d asks here before a package's script starts a service.
# These are for hubinstall's supervisor to start; 101 means "not now" (/usr/share/doc/init-system-helpers/README.policy-rc.d).
for word in "$@"; do
    case $word in
        {{ services | map("sh") | join(" | ") }}) exit 101 ;;
    esac
done
exit 0
