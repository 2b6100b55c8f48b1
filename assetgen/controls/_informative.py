"""The network of "informative drawings" (Chan and others, 2022), shared by two line-art controls."""

from assetgen.controls import _detector as aux
from assetgen.parts import Detector

DETECTOR = Detector("lineart", "MIT", "https://github.com/carolineec/informative-drawings/blob/main/LICENSE")
_CHANNELS = (3, 1, 3)  # in, out, residual blocks of the published weights


def load_informative(tensors: aux.Tensors, device: str) -> aux.Network:
    """The line-art detector for weights of either style; it draws white lines on black."""
    module = aux.load_module("lineart")
    network = aux.ready(module.Generator(*_CHANNELS), tensors, device)
    return module.LineartDetector(network, network)
