"""`hubinstall bundle FILE`."""

import os

from hubinstall.bundle.archive import PROGRAM
from hubinstall.bundle.make import make
from hubinstall.cli.session import logged
from hubinstall.errors import UserError
from hubinstall.installation import lock
from hubinstall.installation.desired_state import differences, read
from hubinstall.machine.host import Host
from hubinstall.resources.docker.static_files import StaticFiles


def bundle(host: Host, path: str) -> int:
    """Make a bundle of what is installed on this machine, which must be as config.yaml describes it."""
    target = os.path.abspath(path)
    if os.path.isdir(target) or not os.path.isdir(os.path.dirname(target)):
        raise UserError(f"{path} is not the path of a file", "Name a file in a directory that exists.", code=2)
    desired = read(host)
    if desired.settings.environment.image:
        raise UserError(
            "people's servers use another image here, and a bundle has hubinstall's own",
            "Run `hubinstall config unset environment.image --apply`, or make the bundle on another machine.",
        )
    if differing := differences(host, desired):
        raise UserError(
            f"this machine is not as config.yaml describes it ({differing[0].id})",
            "Run `hubinstall apply`, then run it again.",
        )
    with lock.one_run("bundle"), logged(host) as log:
        log.write(f"making {target}")
        static = [resource for resource in desired.resources if isinstance(resource, StaticFiles)]
        made = make(host, desired.facts, static, target)
    size = os.path.getsize(target)
    print(f"{path}: {size / 10**6:.0f} MB for {made.name}, {made.arch}\n")
    print(f"On a machine without a network:\n    tar -xf {os.path.basename(path)} {PROGRAM}")
    print(f"    sudo python3 {PROGRAM} --bundle {os.path.basename(path)} --admin NAME")
    return 0
