"""Faults of the machine: each is named with its cure, people's servers live on, and the next run completes.

Two runs at once are in test_killed.py. A machine here shares the clock of the test host: what can be shown is a
certificate that was made an hour ahead of it.
"""

import pytest

from harness import addresses
from harness.faults import Fault, Lives, Place, endured
from harness.machine import Machine
from harness.nspawn import ProcessManager

STATE = "/var/lib/hubinstall"
DATABASE, LEDGER, JOURNAL = f"{STATE}/hub/jupyterhub.sqlite", f"{STATE}/ledger.json", f"{STATE}/generations"
CONFIG, GENERATED = "/etc/hubinstall/config.yaml", "/opt/hubinstall/etc"
IMAGE = "127.0.0.1:9/course:1"
FULL = "Free some space"
LEAVES = "(homes, accounts, shared data and this file stay)"
# Something at the top of the hub's virtualenv is gone that it does not need while it runs.
DAMAGE_VIRTUALENV = 'rm -r "$(ls -d /opt/hubinstall/hub/lib/python3*/site-packages/*.dist-info | head -1)"\n'
NO_DNS = "cp -a /etc/resolv.conf /root/\necho nameserver 127.0.0.1 >/etc/resolv.conf\n"
DNS = "cat /root/resolv.conf >/etc/resolv.conf"
SAVE_CONFIG, MEND_CONFIG = f"cp -a {CONFIG} /root/\n", f"cp -a /root/config.yaml {CONFIG}"
SAVE_DATABASE, MEND_DATABASE = f"cp -a {DATABASE} /root/\n", f"cat /root/jupyterhub.sqlite >{DATABASE}"
SAVE_DAEMON, MEND_DAEMON = "cp -a /etc/docker/daemon.json /root/\n", "cp -a /root/daemon.json /etc/docker/"
DEAD_DOCKER = "kill -KILL $(cat /run/docker.pid)\nwithin 300 bash -c '! docker info >/dev/null 2>&1'"
# Who would stand in our way comes when the run is in the middle of building. What it fills is opened at once, so that
# it never is the real disk, which all machines share.
FILL_LATER = """
setsid bash -c 'until compgen -G "/opt/hubinstall/trees/hub-*.aside" >&2; do [ -e /opt/fill ] || exit; sleep 0.02; done
    exec cat /dev/zero' </dev/null >/opt/fill 2>/dev/null &
"""
CLOCK_WAS_AHEAD = f"""cd {STATE}/tls
command -v faketime >/dev/null || apt-get install -qy --no-install-recommends faketime
cp -a self-signed.crt /root/
faketime -f +1h openssl x509 -in /root/self-signed.crt -signkey self-signed.key -days 800 -out self-signed.crt
cp self-signed.crt served/fullchain.pem
nginx -s reload
shows self-signed.crt"""
FAULTS = (
    # What it does when it is up again is in test_registry.py; another image here would cost the default one.
    Fault(
        "registry down", ":", ":",
        (f"the image {IMAGE} could not be pulled", "connection refused", "this machine can reach its registry"),
        meanwhile=f"hubinstall apply --image {IMAGE}", again="hubinstall apply",
    ),
    Fault(
        "DNS gone: apt", f"dpkg --purge mmdebstrap\napt-get clean\n{NO_DNS}", DNS,
        ("apt could not install mmdebstrap", "The mirrors cannot be reached"),
    ),
    Fault(
        "DNS gone: Python packages", DAMAGE_VIRTUALENV + NO_DNS, DNS,
        ("virtualenv:/opt/hubinstall/trees/hub-", "Host names cannot be resolved", "/etc/resolv.conf"),
        meanwhile="UV_CACHE_DIR=/root/empty hubinstall apply", again="hubinstall apply",
    ),
    Fault(
        "disk full before: programs", "small /opt 300000\nleave /opt 100000", "big /opt",
        ("/opt has ", " of free space; ", " is needed", FULL),
    ),
    Fault(
        "disk full before: /etc", "small /etc 100\nfill /etc", "big /etc",
        ("/etc has ", " of free space; 1 MB is needed", FULL),
    ),
    Fault(
        "disk full in the middle: what is generated", f"small {GENERATED} 100\nfill {GENERATED}", f"big {GENERATED}",
        (f"{GENERATED}/hub.json: No space left on device", FULL, "back as it was"),
    ),
    Fault(
        "read-only in the middle: the journal", f"read_only {JOURNAL}", f"umount {JOURNAL}",
        ("Read-only file system", JOURNAL, "`mount -o remount,rw`", "back as it was"),
    ),
    Fault(
        "disk full in the middle: a virtualenv", f"small /opt 300000\n{DAMAGE_VIRTUALENV}{FILL_LATER}",
        f"big /opt\n{DAMAGE_VIRTUALENV}", ("virtualenv:/opt/hubinstall/trees/hub-", "No space left on device", FULL),
        meanwhile="hubinstall apply",
    ),
    Fault(
        "no inodes before", "small /etc 5000 7", "big /etc",
        ("/etc has ", " free inodes (files); ", "Remove files there"),
    ),
    Fault(
        "no inodes in the middle", f"small {GENERATED} 1000 0", f"big {GENERATED}",
        ("hub.json", "No space left on device", "`df -i`", "back as it was"),
    ),
    *(
        Fault(
            "the clock was an hour ahead", CLOCK_WAS_AHEAD, ":", ("not valid yet", "clock", "run `hubinstall apply`"),
            meanwhile="hubinstall verify", again="hubinstall apply",
        )
        for _ in range(0 if addresses.here().behind else 1)
    ),
    *(
        Fault(
            f"port {port} taken", f"hubinstall stop nginx\nthief 0.0.0.0 {port}\nstolen {port}", "caught",
            (f"port {port} is used by python3 (pid ", "Stop the other program"), lives=Lives.BEHIND_NGINX,
        )
        for port in addresses.here().ports
    ),
    *(
        Fault(
            f"port 8081 taken at {address}", f"hubinstall stop jupyterhub\nthief {address} 8081\nstolen 8081", "caught",
            ("port 8081 on ", "is used by python3 (pid ", "listen on another port"), lives=Lives.SERVERS,
        )
        for address in ("0.0.0.0", "10.99.0.1")  # noqa: S104 - it is the fault
    ),
    *(
        Fault(
            f"config.yaml {how}", SAVE_CONFIG + damage, MEND_CONFIG, (f"{CONFIG}:1:", words),
            meanwhile="hubinstall apply", code=78,
        )
        for how, damage, words in (
            ("of random bytes", f"head -c 3000 /dev/urandom >{CONFIG}", "UTF-8"),
            ("of zero bytes", f"head -c 300 /dev/zero >{CONFIG}", "try"),
            ("cut off", f"printf 'limits: {{memory: 70' >{CONFIG}", "try"),
        )
    ),
    *(
        Fault(
            f"database {how}", SAVE_DATABASE + damage, MEND_DATABASE,
            (f"the hub's database {DATABASE} is damaged", "Restore a good copy", "move the file away"),
        )
        for how, damage in (
            ("of random bytes", f"head -c 20000 /dev/urandom | dd of={DATABASE} conv=notrunc status=none"),
            ("cut off", f"truncate -s 50K {DATABASE}"),
        )
    ),
    *(
        Fault(
            f"ledger {how}", damage, f"cp {LEDGER}.last {LEDGER}",
            (f"{LEDGER} cannot be read", f"`cp {LEDGER}.last {LEDGER}`"),
        )
        for how, damage in (
            ("half-written", f"truncate -s 3000 {LEDGER}"),
            ("empty", f"truncate -s 0 {LEDGER}"),
            ("of another form", f"echo '[1, 2]' >{LEDGER}"),
        )
    ),
    Fault(
        "the journal half-written",
        f"mkdir {JOURNAL}/000999\nprintf '{{\"/etc/x\": {{\"ki' >{JOURNAL}/000999/index.json",
        f"mv {JOURNAL}/000999 /root/moved-$RANDOM", (f"{JOURNAL}/000999/index.json cannot be read", "Move "),
    ),
    Fault(
        "Docker dead: daemon.json cut off", f"{SAVE_DAEMON}printf '{{\"live' >/etc/docker/daemon.json\n{DEAD_DOCKER}",
        MEND_DAEMON, ("/etc/docker/daemon.json:1:", "not valid JSON", "Fix the file"),
    ),
    Fault(
        "Docker dead: a setting it refuses",
        f'{SAVE_DAEMON}echo \'{{"live-restore": true, "storage-driver": "no"}}\' >/etc/docker/daemon.json\n'
        f"{DEAD_DOCKER}", MEND_DAEMON,
        ("docker does not come up", "driver not supported", "Fix what the log says", "hubinstall logs docker"),
    ),
    *(
        Fault(f"read-only {folder}", f"read_only {folder}", f"umount {folder}",
              (f"mounted read-only: {folder}", f"`mount -o remount,rw {folder}`"))
        for folder in ("/etc", "/opt")
    ),
    Fault(
        "PAM refuses everyone",
        "cp -a /etc/pam.d/common-auth /root/\necho 'auth requisite pam_deny.so' >/etc/pam.d/common-auth",
        "cp -a /root/common-auth /etc/pam.d/",
        ("verify: login", "the correct password was rejected", "See /etc/pam.d/hubinstall and the files it includes"),
    ),
)  # fmt: skip


@pytest.mark.drawn("fault", FAULTS, sample=3)
def test_a_fault_is_named_harms_nobody_and_is_mended(place: Place, fault: Fault) -> None:
    endured(place, fault)


def test_another_process_manager_is_refused(installed_machine: Machine) -> None:
    machine, systemd = installed_machine, installed_machine.process_manager is ProcessManager.SYSTEMD
    before = machine.read(CONFIG)
    wished = "supervisor" if systemd else "systemd"
    refused = machine.run(f"hubinstall config set process_manager {wished} --apply", check=False)
    assert refused.code == 78
    assert f"hubinstall: config set process_manager {wished}: " in refused.err
    if systemd:
        assert "cannot change from systemd to supervisor after JupyterHub was installed" in refused.err
        assert f"`hubinstall uninstall --yes` first {LEAVES}" in refused.err
    assert machine.read(CONFIG) == before
