"""The folders that config.yaml names for environments, read."""

from hubinstall import layout
from hubinstall.config.explain import placed
from hubinstall.config.problems import ConfigError, Problem
from hubinstall.config.validate import Config
from hubinstall.installation.folders import reader
from hubinstall.machine.folder import Folder
from hubinstall.machine.host import Host


def of_environments(host: Host, config: Config, *, strict: bool) -> dict[str, Folder]:
    """Name → what its folder asks for. Raises ConfigError with all that is wrong in them; unless `strict`, these lines
    are left out, so that a course's typing error stops no other command than that which would build it.
    """
    found, problems = {}, list[Problem]()
    for name, one in config.settings.environments.items():
        if not one.folder:
            continue
        found[name], faults = reader.read(host, one.folder, one.extras)
        for fault in faults:
            if fault.path == one.folder:
                key = ("environments", name, "folder")
                document = config.file or config.document
                problems.append(placed(document, layout.CONFIG_FILE, key, f"{fault.path} {fault.message}", fault.hint))
            else:
                problems.append(fault.problem())
    if problems and strict:
        raise ConfigError(problems)
    return found
