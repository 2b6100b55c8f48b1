"""The local server: what plugins and scripts ask over HTTP, answered on this machine alone.

`run` opens the port and tells where (`state`); `guard` checks requests; `app` and
`routes` have the endpoints. A request (`asks`) is looked at by planning it (`packs`, `single`), then waits in a queue
on disk (`jobs` in a `database`, by `turns`) until the one worker (`worker`) does it with warm models.
`plugins/API.md` is the contract.
"""
