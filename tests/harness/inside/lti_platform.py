"""A learning platform that speaks LTI 1.3, with people who come from one course. Each launch is what a test asks for.

usage: lti_platform.py FOLDER URL   (TLS with FOLDER/server.pem and server.key; people in FOLDER/people.json)

/auth answers an authentication request as a platform does whose people are logged in: with a page that sends a signed
message to the tool. `login_hint` is the person, `lti_message_hint` what is wrong with the message.
"""

import html
import http.server
import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

FOLDER, URL = Path(sys.argv[1]), sys.argv[2]
TOOL = "hub"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
KEYS = {name: rsa.generate_private_key(public_exponent=65537, key_size=2048) for name in ("shown", "hidden")}


def shown_keys() -> dict[str, Any]:
    described = jwt.algorithms.RSAAlgorithm.to_jwk(KEYS["shown"].public_key(), as_dict=True)
    return {"keys": [{**described, "kid": "shown", "alg": "RS256", "use": "sig"}]}


def message(asked: dict[str, str]) -> str:
    """The signed message. The tool is given what is asked for, but for what shall be wrong."""
    person = json.loads((FOLDER / "people.json").read_text())[asked["login_hint"]]
    claims = {
        "iss": URL, "aud": TOOL, "iat": int(time.time()), "exp": int(time.time()) + 300, "nonce": asked["nonce"],
        f"{CLAIM}version": "1.3.0", f"{CLAIM}message_type": "LtiResourceLinkRequest", f"{CLAIM}deployment_id": "1",
        f"{CLAIM}target_link_uri": asked["redirect_uri"], f"{CLAIM}resource_link": {"id": "1"},
        f"{CLAIM}context": {"id": "7", "label": "stats-101"}, **person,
    }  # fmt: skip
    wrong = asked.get("lti_message_hint", "")
    changed: dict[str, dict[str, Any]] = {
        "audience": {"aud": "another tool"}, "issuer": {"iss": "https://elsewhere.example.org"},
        "age": {"iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600}, "nonce": {"nonce": "0" * 64},
    }  # fmt: skip
    claims.update(changed.get(wrong, {}))
    key = KEYS["hidden" if wrong == "signature" else "shown"]
    kid = "hidden" if wrong == "key" else "shown"
    if wrong == "unsigned":
        return str(jwt.encode(claims, None, algorithm="none", headers={"kid": kid}))
    return str(jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid}))


class Platform(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        place = urlsplit(self.path)
        if place.path == "/keys":
            self.answer("application/json", json.dumps(shown_keys()))
            return
        asked = dict(parse_qsl(place.query))
        fields = {"state": asked["state"], "id_token": message(asked)}
        inputs = "".join(f'<input type="hidden" name="{key}" value="{value}">' for key, value in fields.items())
        back = html.escape(asked["redirect_uri"])
        form = f'<form method="post" action="{back}">{inputs}</form>'
        self.answer("text/html", f'<body onload="document.forms[0].submit()">{form}')

    def answer(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


server = http.server.ThreadingHTTPServer(("", urlsplit(URL).port or 443), Platform)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
