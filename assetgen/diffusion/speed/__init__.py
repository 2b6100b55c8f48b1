"""Devices, offloading, compiling, CUDA graphs, and the plain diffusers baseline."""
