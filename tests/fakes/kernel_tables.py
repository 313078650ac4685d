"""What the files of /proc and /etc say on a machine with one network card."""

OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'

ROUTES = """Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0146580A	0003	0	0	0	00000000	0	0	0
eth0	0046580A	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth1	0000A8C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	0000000A	0146580A	0003	0	0	0	000000FF	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
hubinstall0	0000630A	00000000	0001	0	0	0	0000FFFF	0	0	0
"""


def trie(*local: str) -> str:
    leaves = "".join(f"     |-- {address}\n        /32 host LOCAL\n" for address in local)
    return f"Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n{leaves}" * 2


IF_INET6 = """fe800000000000000c4338fffe98928d 02 40 20 80    eth0
20010db8000000000000000000000007 02 40 00 80    eth0
20010db800000000000000000000abcd 02 40 00 01    eth0
fd000000000000000000000000000001 04 40 00 80 docker0
00000000000000000000000000000001 01 80 10 80       lo
"""
