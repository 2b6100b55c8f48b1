"""Install the plugin into a Godot project: files in `addons/assetgen`, and the line in `project.godot` that enables it.

Only that line of `project.godot` changes. The format is that of Godot's ConfigFile and VariantParser.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from assetgen import __version__
from assetgen.build.build_lock import build_lock
from assetgen.build.manifest import ManifestEntry
from assetgen.build.publish import PublishResult, Target
from assetgen.errors import InputError, PublishError
from assetgen.events import Emit
from assetgen.parts import Files
from assetgen.store.atomic import write_atomically

SETTINGS = "project.godot"
ADDON = "addons/assetgen"
IGNORED = ".gitignore"
PLUGIN = b'"res://addons/assetgen/plugin.cfg"'
SECTION = b"editor_plugins"
GODOT_4 = re.compile(rb"^config_version[ \t]*=[ \t]*5\b", re.MULTILINE)
TEXT = rb'"(?:[^"\\]|\\.)*"'
TOKEN = re.compile(rb'%s|;[^\r\n]*|(?P<unclosed>")|(?P<open>[\[({])|(?P<close>[\])}])' % TEXT, re.DOTALL)
HEADER = re.compile(rb"\[([^\]\r\n]*)\]")
ENABLED = re.compile(rb"^enabled[ \t]*=[ \t]*", re.MULTILINE)
PATHS = re.compile(rb"PackedStringArray\((\s*(?:%s[\s,]*)*)\)" % TEXT, re.DOTALL)
BY_HAND = "Enable assetgen in Project > Project Settings > Plugins"


def install_plugin(
    project: Path, files: Files, locks: Path, emit: Emit, *, local: Files, overwrite: bool = False
) -> PublishResult:
    """Install or update the plugin in a project, and enable it.

    `local` are files that hold on this machine only: git ignores them, and they are always replaced.

    Files that only an older version had are removed. Files edited by hand are not replaced without `overwrite`, and
    never removed. Raises `InputError` if `project` is not a Godot 4 project, `PublishError` for conflicting files; then
    nothing is changed. `locks` is the folder of build locks: a second installation waits.
    """
    path = Path(os.path.realpath(project / SETTINGS))
    with build_lock(project / ADDON, locks, emit):
        settings = _read(path, project)
        enabled = with_plugin(settings, str(project / SETTINGS))
        if enabled != settings and not path.stat().st_mode & stat.S_IWUSR:
            raise PublishError(f"'{project / SETTINGS}' is read-only", cure="Make it writable")
        target = Target(project, ADDON, "the plugin for Godot")
        target.sweep()
        entry = ManifestEntry(__version__, engine_owned=("*.uid",))
        outcome = target.publish("plugin", files, entry, overwrite=overwrite)
        target.finish()
        outcome = replace(outcome, written=(*outcome.written, *_write_local(project / ADDON, local)))
        if enabled != settings:
            _write(path, enabled)
            return replace(outcome, written=(*outcome.written, SETTINGS))
        return outcome


def _write_local(folder: Path, files: Files) -> list[str]:
    """Write files and a `.gitignore` that lists them and, where it is new, itself. Returns those that changed."""
    rules = folder / IGNORED
    before = rules.read_bytes() if rules.is_file() else b"/%s\n" % IGNORED.encode()
    missing = [name.encode() for name in files if b"/%s" % name.encode() not in before.splitlines()]
    ending = b"" if before.endswith(b"\n") else b"\n"
    wanted = {IGNORED: before + ending + b"".join(b"/%s\n" % name for name in missing) if missing else before, **files}
    changed = [name for name, data in wanted.items() if not _has(folder / name, data)]
    for name in changed:
        _write(folder / name, wanted[name], f"Make '{folder}' writable")
    return changed


def _has(path: Path, data: bytes) -> bool:
    return path.is_file() and path.read_bytes() == data


def with_plugin(settings: bytes, name: str) -> bytes:
    """The content of `project.godot` with the plugin enabled, all other bytes unchanged. Raises `InputError` if it
    cannot be parsed.

    Section and entry are inserted where Godot sorts them when it saves the file.
    """
    line = b"\r\n" if b"\r\n" in settings else b"\n"
    sections = list(_sections(settings, name))
    if not GODOT_4.search(settings[: sections[0][2]]):
        raise InputError(
            f"'{name}' is not a Godot 4 project", cure="Open the project with Godot 4 once, which converts it"
        )
    own = [section for section in sections if section[0] == SECTION]
    if own:
        _, start, end = own[-1]
        return settings[:start] + _enabled(settings[start:end], line, name) + settings[end:]
    block = b"[%s]%s%senabled=PackedStringArray(%s)%s" % (SECTION, line, line, PLUGIN, line)
    for title, start, _ in sections[1:]:
        if title > SECTION:
            return settings[:start] + block + line + settings[start:]
    ended = settings if settings.endswith(b"\n") else settings + line
    return ended + line + block


def _enabled(section: bytes, line: bytes, name: str) -> bytes:
    """The section with the plugin added to the enabled ones."""
    keys = list(ENABLED.finditer(section))
    if not keys:
        title, bracket, rest = section.partition(b"]")
        return title + bracket + line + line + b"enabled=PackedStringArray(%s)" % PLUGIN + rest
    found = PATHS.match(section, keys[-1].end())
    if found is None:
        raise InputError(f"'{name}' lists its plugins in an unknown format", cure=BY_HAND)
    paths = list(re.compile(TEXT, re.DOTALL).finditer(section, *found.span(1)))
    if any(path.group() == PLUGIN for path in paths):
        return section
    later = next((path.start() for path in paths if path.group() > PLUGIN), None)
    if later is not None:
        return section[:later] + PLUGIN + b", " + section[later:]
    at = paths[-1].end() if paths else found.start(1)
    return section[:at] + (b", " if paths else b"") + PLUGIN + section[at:]


def _sections(settings: bytes, name: str) -> Iterator[tuple[bytes, int, int]]:
    """Title, start and end of every section; the part before the first title has the title `b""`.

    Brackets inside strings, comments and values are no titles.
    """
    title, start, depth = b"", 0, 0
    for token in TOKEN.finditer(settings):
        if token["unclosed"]:
            raise InputError(
                f"'{name}' is damaged: a string in it is not closed", cure="Repair it, or open it in Godot"
            )
        header = HEADER.match(settings, token.start()) if token["open"] and depth == 0 else None
        if header and settings[: token.start()].rpartition(b"\n")[2] in (b"", b"\xef\xbb\xbf"):
            yield title, start, token.start()
            title, start = header[1], token.start()
        depth += bool(token["open"]) - bool(token["close"])
    if depth != 0:
        raise InputError(f"'{name}' is damaged: a bracket in it is not closed", cure="Repair it, or open it in Godot")
    yield title, start, len(settings)


def _read(path: Path, project: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        cure = "Pass the folder of a game"
        raise InputError(f"'{project}' is not a Godot project: it has no {SETTINGS}", cure=cure) from error
    except OSError as error:
        raise InputError(f"cannot read '{path}' ({error.strerror})") from error


def _write(path: Path, data: bytes, cure: str = BY_HAND) -> None:
    try:
        write_atomically(path, data)
    except OSError as error:
        raise PublishError(f"cannot write '{path}' ({error.strerror})", cure=cure) from error
