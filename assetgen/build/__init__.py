"""One build: status, sampling, steps, checks, export, publishing, the lock."""
