"""Service files that start a watch at login: for systemd, launchd and the Windows task scheduler."""

import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

ServiceSystem = Literal["systemd", "launchd", "windows"]
_SYSTEMD = """\
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
_LAUNCHD = """\
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
_WINDOWS = 'schtasks /Create /TN "{name}" /SC ONLOGON /F /TR "{command}"\n'


def service_text(system: ServiceSystem, command: Sequence[str], folder: Path, name: str) -> str:
    """The service file that runs a command in a folder; for Windows, the command that creates the task.

    A service has no shell and no session environment: the program and all paths must be absolute.
    """
    match system:
        case "systemd":
            quoted = " ".join(_for_systemd(word) for word in command)
            return _SYSTEMD.format(name=name, folder=str(folder).replace("%", "%%"), command=quoted)
        case "launchd":
            lines = "\n".join(f"    <string>{escape(word)}</string>" for word in command)
            return _LAUNCHD.format(name=name, folder=escape(str(folder)), command=lines)
        case "windows":
            return _WINDOWS.format(name=name, command=subprocess.list2cmdline(command).replace('"', r"\""))


def service_name(path: Path) -> str:
    """The name of the service that watches a path."""
    return f"assetgen-watch-{re.sub(r'[^a-z0-9]+', '-', path.resolve().name.lower()).strip('-') or 'packs'}"


def _for_systemd(word: str) -> str:
    """Quote an argument by systemd.service(5): `%` and `$` are doubled, quotes are like those of a shell."""
    text = word.replace("%", "%%").replace("$", "$$").replace("\\", "\\\\")
    return text if text == shlex.quote(text) else '"' + text.replace('"', r"\"") + '"'
