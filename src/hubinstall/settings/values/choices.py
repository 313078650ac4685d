"""Settings with a few possible values that flags set, too."""

from typing import Any, Literal, get_args

from hubinstall.settings.values.words import not_among, wrong

ProcessManager = Literal["auto", "systemd", "supervisor"]


def parse_process_manager(value: Any) -> Any:
    choices = get_args(ProcessManager)
    if value not in choices:
        raise wrong(*not_among(value, choices))
    return value
