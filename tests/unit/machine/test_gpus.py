"""The cards that NVIDIA's driver lists."""

from fakes.host import FakeHost
from hubinstall.machine.gpus import gpus

LISTED = """GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f)
  MIG 1g.5gb Device 0: (UUID: MIG-GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f/7/0)
GPU 1: Tesla T4 (UUID: GPU-0f1d2b3c-d268-c3f3-1b07-005d5ae1dc40)
"""


def test_each_card_by_its_uuid(tmp_path):
    host = FakeHost(tmp_path, {"nvidia-smi -L": LISTED})
    assert gpus(host) == (
        "GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f",
        "GPU-0f1d2b3c-d268-c3f3-1b07-005d5ae1dc40",
    )


def test_a_driver_that_does_not_work_has_none(tmp_path):
    words = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"
    host = FakeHost(tmp_path, {"nvidia-smi -L": words})
    assert gpus(host) == ()


def test_a_machine_without_the_driver_is_not_asked(tmp_path):
    assert gpus(FakeHost(tmp_path)) == ()
