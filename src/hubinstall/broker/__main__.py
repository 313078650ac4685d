"""`python -m hubinstall.broker`: answers on its socket until it is ended."""

from hubinstall import layout
from hubinstall.broker.policy import Policy
from hubinstall.broker.server import serve
from hubinstall.hubside.sockets import listening


def main() -> None:
    policy = Policy.load(layout.BROKER_POLICY)
    serve(listening(layout.BROKER_SOCKET), policy)


if __name__ == "__main__":
    main()
