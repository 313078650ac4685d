"""A container that ends while containerd is away: Docker 20.10 misses most of these ends."""


def end(container: str) -> str:
    """The command: containerd is killed, and comes back, for four seconds. `container`: a word of the shell."""
    return f"""
init=$(docker inspect --format '{{{{.State.Pid}}}}' {container})
for try in $(seq 40); do pkill -9 -x containerd; [ "$try" != 10 ] || kill -9 "$init"; sleep 0.1; done
"""
