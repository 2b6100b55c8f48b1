"""What is kept of recordings; that they draw the same pictures is tested on a GPU."""

from assetgen.diffusion.speed.cuda_graphs import Recordings
from assetgen.diffusion.speed.devices import Device


def test_after_weights_moved_each_shape_is_answered_unrecorded_first() -> None:
    recordings = Recordings(Device("cuda", "cuda", None, 4), seen={"a shape": 9})
    recordings.forget()
    assert (recordings.seen, recordings.allowed) == ({}, True)
