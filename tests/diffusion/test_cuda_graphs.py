"""Bookkeeping of captured graphs. That they draw the same images is tested on a GPU."""

from assetgen.diffusion.speed.cuda_graphs import CudaGraphs
from assetgen.diffusion.speed.devices import Device


def test_each_shape_warms_up_again_after_graphs_were_cleared() -> None:
    graphs = CudaGraphs(Device("cuda", "cuda", None, 4), runs={"a shape": 9})
    graphs.clear()
    assert (graphs.runs, graphs.allowed) == ({}, True)
