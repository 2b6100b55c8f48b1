"""From a model card to a loaded model: weight files, checkpoints, LoRAs, schedulers."""
