"""Numbers of the distribution's nginx.conf: raised, given back, and larger ones left alone."""

import pytest

from fakes.host import FakeHost
from hubinstall.errors import UserError
from hubinstall.resources.base import look
from hubinstall.resources.files.nginx_minimums import NginxMinimums, value_of

PATH, BEFORE = "/etc/nginx/nginx.conf", "/var/lib/nginx.before"
LEAST = {"worker_connections": 4000, "worker_rlimit_nofile": 9000}
NUMBERS = NginxMinimums(PATH, LEAST, before=BEFORE)
DEBIAN = (
    "user www-data;\nworker_processes auto;\n\nevents {\n\tworker_connections 768;\n\t# multi_accept on;\n}\n\n"
    "http {\n\tkeepalive_timeout 65;\n}\n"
)
FORMS = [
    DEBIAN,
    "worker_rlimit_nofile 100;\nevents { worker_connections 10; }\nhttp { }\n",
    "events {}\n",
    "# worker_connections 9999;\nevents {\n\tuse epoll; # worker_connections 8888;\n}\n",
    "worker_rlimit_nofile\t30000;\nevents {\n worker_connections  768 ;\n}\n",
]


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path, {"sh -c": "", "nginx-check": ""})


def settle(host, numbers=NUMBERS):
    change = look(numbers, host)
    if change:
        numbers.apply(host, change)
    return look(numbers, host)


@pytest.mark.parametrize("text", FORMS)
def test_there_and_back(host, text):
    host.put(PATH, text)
    assert look(NUMBERS, host).verb == "create"
    assert settle(host) is None
    now = host.text(PATH)
    assert value_of(now, "worker_connections") == 4000
    assert value_of(now, "worker_rlimit_nofile") in {9000, 30000}
    assert "events" in now.split("worker_connections 4000")[0], "inside its block"
    NUMBERS.remove(host)
    NUMBERS.remove(host)
    assert host.text(PATH) == text
    assert not host.exists(BEFORE)


def test_larger_numbers_are_the_administrators(host):
    text = "worker_rlimit_nofile 100000;\nevents { worker_connections 50000; }\n"
    host.put(PATH, text)
    assert look(NUMBERS, host) is None, "adopted"
    NUMBERS.remove(host)
    assert host.text(PATH) == text


def test_what_the_administrator_changes_later_is_theirs(host):
    host.put(PATH, DEBIAN)
    settle(host)
    host.put(PATH, host.text(PATH).replace("worker_connections 4000", "worker_connections 7000"))
    assert look(NUMBERS, host) is None
    NUMBERS.remove(host)
    assert host.text(PATH) == DEBIAN.replace("768", "7000")


def test_lowered_by_hand_is_raised_again(host):
    host.put(PATH, DEBIAN)
    settle(host)
    host.put(PATH, host.text(PATH).replace("4000", "512"))
    assert look(NUMBERS, host).keys == ["worker_connections"]
    assert settle(host) is None
    NUMBERS.remove(host)
    assert host.text(PATH) == DEBIAN, "what was there before us, not what was there in between"


@pytest.mark.parametrize("text", ["include /etc/nginx/all/*.conf;\n", "# events {\n"])
def test_a_file_of_another_arrangement_is_left_alone(host, text):
    host.put(PATH, text)
    assert look(NUMBERS, host) is None
    NUMBERS.remove(host)
    assert host.text(PATH) == text


def test_a_link_is_left_alone(host):
    host.put("/srv/nginx.conf", DEBIAN)
    host.mkdir("/etc/nginx")
    host.link(PATH, "/srv/nginx.conf")
    assert look(NUMBERS, host) is None


def test_what_nginx_rejects_is_not_written(host):
    host.put(PATH, DEBIAN)
    host.answers["nginx-check"] = (1, "emerg")
    numbers = NginxMinimums(PATH, LEAST, before=BEFORE, check=("nginx-check", "{}"))
    with pytest.raises(Exception, match="emerg"):
        settle(host, numbers)
    assert host.text(PATH) == DEBIAN


def test_without_the_file(host):
    with pytest.raises(UserError, match=r"there is no /etc/nginx/nginx.conf"):
        settle(host)
