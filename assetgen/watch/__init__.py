"""The watching door: packs are built whenever a file changes that they depend on.

`find` knows which files those are, `listen` hears of changes, `settle` tells when files are written whole, `notes` puts
what is wrong beside them, `loop` turns all this into builds, `service` writes the files that start it with a machine.
"""
