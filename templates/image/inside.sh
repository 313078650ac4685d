# What is done within the new root file system; build.sh runs it there.

# The account of the docker-stacks contract; JupyterHub runs a server under its owner's number instead.
useradd --create-home --uid 1000 --gid 100 --shell /bin/bash --password '!' jovyan

# No program of the image gives rights that its caller does not have.
find / -xdev -perm /6000 -type f -exec chmod ug-s {} +

# A kernel loads before it looks into the folder of its notebook: a random.py or types.py there does not keep it from
# starting. Once it runs, IPython puts that folder first.
python3 -c '
import json, pathlib
path = pathlib.Path("/usr/local/share/jupyter/kernels/python3/kernel.json")
spec = json.loads(path.read_text())
spec["argv"].insert(1, "-P")
path.write_text(json.dumps(spec, indent=1))
'

# Plots find a glyph for every script without being told: these families are asked in turn.
settings=$(python3 -c 'import matplotlib; print(matplotlib.get_data_path())')/matplotlibrc
families='sans-serif, Noto Sans, Noto Sans Arabic, Noto Sans Devanagari, Noto Sans Bengali, Noto Sans Tamil'
families="$families, Noto Sans Thai, Noto Sans Ethiopic, WenQuanYi Micro Hei"
grep -q '^#font.family:' "$settings"
sed -i "s/^#font.family:.*/#font.family: $families/" "$settings"

# The list of fonts is the same for everyone: made once here, copied into a home by a start hook.
cache=$(mktemp -d)
HOME=$cache MPLCONFIGDIR=$cache python3 -c 'import matplotlib.font_manager'
install -D -m 0644 -t /usr/local/share/matplotlib "$cache"/fontlist-*.json
rm -rf "$cache"

rm -rf /tmp/* /var/tmp/* /root/.cache /var/cache/* /var/log/* /run/*
