"""`python -m assetgen.cli` is `assetgen`."""

from assetgen.cli import main

main()
