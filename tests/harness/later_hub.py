"""A JupyterHub of the future: the installed one, with one more change of its database (alembic.sqlalchemy.org).

It is a wheel, made on the machine from what stands in the hub's virtualenv, and a checkout there that locks it.
"""

import json

from harness.machine import Machine
from hubinstall.blueprint.hub import SCHEMA

REVISION, VERSION = "0123456789ab", "6.99.0"
MIGRATION = f"""from alembic import op
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "{REVISION}", "{SCHEMA}", None, None


def upgrade():
    op.add_column("users", sa.Column("of_the_future", sa.Unicode(20), nullable=True))
"""
NO_SERVER = """

async def fails(*args, **kwargs):
    raise RuntimeError("this version starts no server")


User.spawn = fails
"""
MAKE = """
import hashlib, json, pathlib, re, sys, zipfile
migration, revision, schema, version, broken = json.load(sys.stdin)
[site] = pathlib.Path("/opt/hubinstall/hub/lib").glob("python3*/site-packages")
[info] = site.glob("jupyterhub-*.dist-info")
wheel = pathlib.Path(f"/root/jupyterhub-{version}-py3-none-any.whl")
with zipfile.ZipFile(wheel, "w") as made:
    for path in sorted(site.glob("jupyterhub/**/*")):
        if path.is_file() and "__pycache__" not in path.parts:
            more = broken if path.match("jupyterhub/user.py") else ""
            made.writestr(str(path.relative_to(site)), path.read_bytes() + more.encode())
    pages = pathlib.Path("/opt/hubinstall/hub/share/jupyterhub")
    for path in sorted(pages.glob("**/*")):
        if path.is_file():
            made.write(path, f"jupyterhub-{version}.data/data/share/jupyterhub/{path.relative_to(pages)}")
    made.writestr("jupyterhub/alembic/versions/later.py", migration)
    for name in ("METADATA", "WHEEL", "entry_points.txt"):
        text = (info / name).read_text()
        made.writestr(f"jupyterhub-{version}.dist-info/{name}", re.sub("(?m)^Version: .*", f"Version: {version}", text))
    made.writestr(f"jupyterhub-{version}.dist-info/RECORD", "")
digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
package = pathlib.Path("/root/hubinstall/src/hubinstall")
lock = package / "locks/hub.txt"
locked = f"jupyterhub @ file://{wheel} --hash=sha256:{digest}"
lock.write_text(re.sub(r"(?m)^jupyterhub==.*\\n(    --hash.*\\n)+", lambda _: locked + "\\n", lock.read_text()))
blueprint = package / "blueprint/hub.py"
blueprint.write_text(blueprint.read_text().replace(schema, revision))
"""
FORM = (
    "import sqlite3; print(sqlite3.connect('file:/var/lib/hubinstall/hub/jupyterhub.sqlite?mode=ro', uri=True)"
    ".execute('select version_num from alembic_version').fetchone()[0])"
)


def push(machine: Machine, *, works: bool = True) -> None:
    """Bring a checkout whose hub is the later one; if it does not work, then no server starts."""
    machine.run("rm -rf hubinstall")
    machine.push_checkout()
    told = [MIGRATION, REVISION, SCHEMA, VERSION, "" if works else NO_SERVER]
    machine.run(["python3", "-c", MAKE], stdin=json.dumps(told).encode())


def form(machine: Machine) -> str:
    """The form of the hub's database."""
    return machine.run(["python3", "-c", FORM]).out.strip()
