"""assetgen turns a text file into a game's art: generated, finished, judged and published like code."""

__version__ = "0.1.0"
