"""Programs that tests run in a person's server, as the hub, or as root; those that look at something print JSON."""

from pathlib import Path

ASK_HELPER, CALLS, CAGE, HIJACK, NEW_ACCOUNTS, PROJECTS, SILENT, WORK = (
    Path(__file__).with_name(f"{name}.py")
    for name in ("ask_helper", "calls", "cage", "hijack", "new_accounts", "projects", "silent", "work")
)
