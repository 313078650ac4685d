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
path.unlink()  # it may be the same file as in the cache of uv
path.write_text(json.dumps(spec, indent=1))
'

# Every page of JupyterLab would load all that draws Plotly's figures; hubinstall-plots does when one is shown.
python3 -c '
import json, pathlib
path = pathlib.Path("/usr/local/share/jupyter/labextensions/jupyterlab-plotly/package.json")
package = json.loads(path.read_text())
del package["jupyterlab"]["_build"]["mimeExtension"]
path.unlink()
path.write_text(json.dumps(package, indent=1))
'

# With a read-only root, what is not compiled now would be compiled at every start.
python3 -m compileall -q /usr/lib/python3/dist-packages/hubinstall_*.py

# Languages: those in UTF-8, and for all of them one order of sorting, ISO 14651's (each has its own, of 2.6 MB).
python3 - <<'PYTHON'
import os
import shutil
from pathlib import Path

locales = Path("/usr/lib/locale")
order = (locales / "en_GB.utf8/LC_COLLATE").resolve()
folders = [folder for folder in locales.iterdir() if folder.name != "C.utf8"]
kept = [folder for folder in folders if b"UTF-8\0" in (folder / "LC_CTYPE").read_bytes()]
for file in sorted(file for folder in kept for file in folder.rglob("*") if not file.is_dir()):
    # What several share is a link to where the package's first one has it, which may go.
    target = order if file.name == "LC_COLLATE" else file.resolve()
    if target != file:
        file.unlink()
        os.link(target, file)
for folder in set(folders) - set(kept):
    shutil.rmtree(folder)
PYTHON

# The shares' files belong to root or to other members, and git is told to read them all the same. It knows of folders
# from 2.46 on; before, of all or of each repository by itself, and there is nobody else's in a container.
folder='*'
if dpkg --compare-versions "$(dpkg-query -W -f '${Version}' git)" ge 1:2.46; then folder='/srv/data/*'; fi
git config --system --add safe.directory "$folder"

# Plots find a glyph for every script without being told: these families are asked in turn. seaborn has its own list.
plots=$(python3 -c 'import matplotlib; print(matplotlib.get_data_path())')/matplotlibrc
themes=$(python3 -c 'import importlib.util as u; print(u.find_spec("seaborn").submodule_search_locations[0])')/rcmod.py
families='sans-serif, Noto Sans, Noto Sans Math, Noto Sans Symbols, Noto Sans Symbols2'
for script in Arabic Armenian Bengali Devanagari Ethiopic Georgian Gujarati Gurmukhi Hebrew Kannada Khmer Lao Malayalam \
    Myanmar Oriya Sinhala Tamil Telugu Thai; do
    families="$families, Noto Sans $script"
done
families="$families, WenQuanYi Micro Hei, Symbola, Unifont, Unifont Upper"
grep -q '^#font.family:' "$plots"
sed -i "s/^#font.family:.*/#font.family: $families/" "$plots"
quoted="[\"$(echo "$families" | sed 's/, /", "/g')\"]"
for place in '"font.family": ' 'font='; do
    grep -qE "$place(\[\"sans-serif\"\]|\"sans-serif\")" "$themes"
    sed -i -E "s/$place(\[\"sans-serif\"\]|\"sans-serif\")/$place$quoted/" "$themes"
done
python3 -m compileall -q "$themes"

# The list of fonts is the same for everyone: made once here, copied into a home by a start hook.
cache=$(mktemp -d)
HOME=$cache MPLCONFIGDIR=$cache python3 -c 'import matplotlib.font_manager'
install -D -m 0644 -t /usr/local/share/matplotlib "$cache"/fontlist-*.json
rm -rf "$cache"

rm -rf /tmp/* /var/tmp/* /root/.cache /var/cache/* /var/log/* /run/*
