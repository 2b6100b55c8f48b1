"""`assetgen watch`: build packs whenever a file changes that they depend on.

`discovery` finds packs and their input files, `file_events` waits for changes, `file_state` digests files and checks
that they are complete, `error_notes` writes errors beside their files, `loop` connects these, and `service` writes
service files.
"""
