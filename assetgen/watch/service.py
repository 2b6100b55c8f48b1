"""What starts a watch together with the machine, or with its user's session: files for systemd, launchd and Windows."""

import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

System = Literal["systemd", "launchd", "windows"]
SYSTEMD = """\
# systemctl --user: save this as ~/.config/systemd/user/{name}.service, then
#   systemctl --user daemon-reload && systemctl --user enable --now {name}
[Unit]
Description=assetgen builds game assets when their packs change

[Service]
WorkingDirectory={folder}
ExecStart={command}
Restart=on-failure
RestartSec=5
Nice=5

[Install]
WantedBy=default.target
"""
LAUNCHD = """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- Save this as ~/Library/LaunchAgents/{name}.plist, then: launchctl load -w ~/Library/LaunchAgents/{name}.plist -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>{name}</string>
  <key>WorkingDirectory</key><string>{folder}</string>
  <key>ProgramArguments</key>
  <array>
{command}
  </array>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>StandardErrorPath</key><string>/tmp/{name}.log</string>
</dict>
</plist>
"""
WINDOWS = 'schtasks /Create /TN "{name}" /SC ONLOGON /F /TR "{command}"\n'


def service_text(system: System, words: Sequence[str], folder: Path, name: str) -> str:
    """The service file (for Windows the command that makes the task) that runs these words in a folder.

    A service has no shell and no environment of a session: the first word and all paths must be absolute.
    """
    match system:
        case "systemd":
            quoted = " ".join(_for_systemd(word) for word in words)
            return SYSTEMD.format(name=name, folder=str(folder).replace("%", "%%"), command=quoted)
        case "launchd":
            lines = "\n".join(f"    <string>{escape(word)}</string>" for word in words)
            return LAUNCHD.format(name=name, folder=escape(str(folder)), command=lines)
        case "windows":
            return WINDOWS.format(name=name, command=subprocess.list2cmdline(words).replace('"', r"\""))


def service_name(place: Path) -> str:
    """A name for the service of a watched place."""
    return f"assetgen-watch-{re.sub(r'[^a-z0-9]+', '-', place.resolve().name.lower()).strip('-') or 'packs'}"


def _for_systemd(word: str) -> str:
    """systemd.service(5): `%` and `$` are doubled, and quotes are much like a shell's."""
    text = word.replace("%", "%%").replace("$", "$$").replace("\\", "\\\\")
    return text if text == shlex.quote(text) else '"' + text.replace('"', r"\"") + '"'
