"""Objects that outlive undo: known by their number in this session."""

from collections.abc import Iterable

import bpy

from .client.trouble import Trouble


def objects(uids: Iterable[int]) -> Iterable[bpy.types.Object]:
    """Objects of this session, however they are called now. Raises `Trouble` where one is gone."""
    known = {item.session_uid: item for item in bpy.data.objects}
    for uid in uids:
        if uid not in known:
            raise Trouble("An object that this was made for is gone.", "Undo its removal, or ask anew.")
        yield known[uid]
