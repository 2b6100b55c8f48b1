"""The local HTTP server for plugins and scripts, and for the page of `assetgen review --serve`.

`run` opens the port and writes the state file (`state`); `guard` checks the token and headers of each request; `app`
and `routes` hold the endpoints, `requests` and `responses` their JSON. A job request is checked by planning it
(`pack_jobs`, `single_jobs`) and queued in a SQLite file (`jobs`, `database`, `fair_queue`). One thread (`worker`) runs
the jobs with loaded models. `plugins/API.md` is the contract.
"""
