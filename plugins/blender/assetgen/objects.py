"""Objects by session uid, which stays valid after an undo."""

from collections.abc import Iterable

import bpy

from .client.trouble import Trouble


def objects(uids: Iterable[int]) -> Iterable[bpy.types.Object]:
    """The objects with these session uids. Raises `Trouble` if one was removed."""
    known = {item.session_uid: item for item in bpy.data.objects}
    for uid in uids:
        if uid not in known:
            raise Trouble("An object of this task was removed.", "Undo the removal, or generate again.")
        yield known[uid]
