"""What a timer knows of the last apply, in a sandbox that hides the homes."""

import pytest

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.installation import desired_state, inputs, renewal
from hubinstall.resources.tls.acme import AcmeCertificate

CONFIG = """
domain: hub.example.org
https: {letsencrypt: {email: ops@example.org}}
hub: {packages: [/root/own.whl]}
environments: {stats: {folder: /root/stats}}
network: {proxy: "http://10.0.0.1:3128", ca_bundle: /root/site-ca.pem}
"""


class Sandboxed(FakeHost):
    """ProtectHome=yes, for a root without capabilities (systemd.exec(5))."""

    def path(self, path):
        if path.startswith("/root/"):
            raise PermissionError(13, "Permission denied", path)
        return super().path(path)


def test_files_in_a_home_that_config_yaml_names_stop_no_renewal(tmp_path):
    host = Sandboxed(tmp_path)
    for folder in (layout.CONFIG_DIR, layout.STATE, layout.SERVED):
        host.path(folder).mkdir(parents=True, exist_ok=True)
    host.put(layout.CONFIG_FILE, CONFIG)
    inputs.accept(host)
    with pytest.raises(PermissionError):
        desired_state.read(host)
    host.forget()
    found = renewal.applied(host)
    [asked] = [resource for resource in found.resources if isinstance(resource, AcmeCertificate)]
    assert asked.names == ("hub.example.org",)
    assert host.way_out["https_proxy"] == "http://10.0.0.1:3128"
