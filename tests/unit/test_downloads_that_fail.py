"""What programs say when a site's network is in the way names the setting that is meant, and no password."""

import pytest

from hubinstall.errors import CommandError, cures, without_passwords

SAID = {
    "uv: invalid peer certificate: UnknownIssuer": "network.ca_bundle",
    "SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed')": "network.ca_bundle",
    "npm error code SELF_SIGNED_CERT_IN_CHAIN": "network.ca_bundle",
    "npm error code UNABLE_TO_GET_ISSUER_CERT_LOCALLY": "network.ca_bundle",
    "tls: failed to verify certificate: x509: certificate signed by unknown authority": "network.ca_bundle",
    "The certificate is NOT trusted. The certificate issuer is unknown.": "network.ca_bundle",
    "E: Failed to fetch http://m/InRelease  407  Proxy Authentication Required": "USER:PASSWORD@HOST:PORT",
    "client error (Connect): tunnel error: proxy authorization required": "USER:PASSWORD@HOST:PORT",
    "W: Failed to fetch http://m/InRelease  Temporary failure resolving 'mirror.example'": "network.proxy",
    "npm error network request failed, reason: getaddrinfo ENOTFOUND registry.example": "network.npm_registry",
    "dns error: failed to lookup address information": "network.pip_index",
    "dial tcp 10.1.2.3:443: i/o timeout": "network.proxy",
    "dial tcp 10.1.2.3:443: connect: connection refused": "network.proxy",
    "error sending request for url (https://m/uv/)\n tcp connect error\n Connection refused": "network.pip_index",
    "NewConnectionError: Failed to establish a new connection: [Errno 110] Connection timed out": "network.pip_index",
    "Could not connect to 10.1.2.3:3128 (10.1.2.3). - connect (111: Connection refused)": "network.proxy",
}


@pytest.mark.parametrize("output", SAID)
def test_the_setting_is_named(output):
    [cure] = cures(output)
    assert SAID[output] in cure
    assert SAID[output] in CommandError(["x"], 1, output).hint


@pytest.mark.parametrize(
    "output",
    ["Failed to connect to bus: Connection refused", "dial unix /run/docker.sock: connect: connection refused"],
)
def test_a_service_of_this_machine_that_refuses_is_no_matter_of_the_sites_network(output):
    assert cures(output) == []


def test_no_password_is_told():
    error = CommandError(["x"], 1, "cannot connect to http://ada:p%40ss@proxy:3128/ (x)")
    assert error.hint == "cannot connect to http://ada:…@proxy:3128/ (x)"
    assert without_passwords("https://a/b:c@d http://x:1/") == "https://a/b:c@d http://x:1/"
