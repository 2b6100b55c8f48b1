"""Run the trials of one file inside Blender, each on a new scene, and write their results as JSON.

    PYTHON stage.py -- TRIALS.py ZIP RESULTS.json        (or: blender --background --python stage.py -- …)

A trial is a function whose name begins with `trial_`. It gets a `Stage`.
"""

import importlib.util
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

import bpy

MODULE = "bl_ext.user_default.assetgen"


class Stage:
    """The enabled extension, and a cube with a camera in front of it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.extension = sys.modules[MODULE]
        self.cube = bpy.data.objects["Cube"]

    def part(self, name):
        """A module of the extension."""
        return importlib.import_module(f"{MODULE}.{name}")

    @property
    def settings(self):
        return bpy.context.scene.assetgen

    @property
    def preferences(self):
        return bpy.context.preferences.addons[MODULE].preferences

    @property
    def task(self):
        """The newest task."""
        return self.part("tasks").tasks[0]

    def save(self):
        """Save the .blend file, so that results lie beside it."""
        bpy.ops.wm.save_as_mainfile(filepath=str(self.folder / "scene.blend"))

    def ask(self, task, prompt="a mossy wall", seconds=120, **settings):
        """Send a request and wait, with quick drawings instead of the model."""
        for name, value in {"draft": True, **settings}.items():
            setattr(self.settings, name, value)
        bpy.ops.assetgen.generate(task=task, prompt=prompt)
        bpy.ops.assetgen.wait(seconds=seconds)
        return self.task

    def until(self, done, seconds=60):
        """Do the timer's work until something is so."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, "it took too long"
            self.extension.tick()
            time.sleep(0.02)


def refused(ask, *words):
    """Check that an operator reports an error with this text."""
    try:
        ask()
    except RuntimeError as error:
        missing = [word for word in words if word not in str(error)]
        assert not missing, f"{error} does not say {missing}"
    else:
        raise AssertionError("it was not refused")


def fresh(folder):
    """Reset to the factory scene, no tasks, and the preferences of the tests."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=False)
    stage = Stage(folder)
    stage.part("tasks").tasks.clear()
    said = stage.preferences
    said.program, said.state, said.starts, said.output = os.environ["ASSETGEN_PROGRAM"], "", True, "//assetgen/"
    stage.part("catalog").catalog.trouble = None
    return stage


def end_servers():
    """Kill servers that the extension started; they outlive a trial, as they outlive Blender."""
    children = importlib.import_module(f"{MODULE}.client.start")._children
    while children:
        child = children.pop()
        child.kill()
        child.wait(60)


def run(trials):
    """Error of each trial, "" if it passed."""
    outcome = {}
    for name, trial in [pair for pair in vars(trials).items() if pair[0].startswith("trial_")]:
        folder = tempfile.mkdtemp(prefix="trial_")
        began = time.monotonic()
        try:
            trial(fresh(folder))
            outcome[name] = ""
        except BaseException:
            outcome[name] = traceback.format_exc()
        end_servers()
        print(f"{'FAIL' if outcome[name] else 'ok'} {name} {time.monotonic() - began:.1f} s", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def main():
    trials, archive, results = sys.argv[sys.argv.index("--") + 1 :]
    bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
    sys.path.insert(0, str(Path(__file__).parent))
    sys.modules["stage"] = sys.modules["__main__"]
    spec = importlib.util.spec_from_file_location("trials", trials)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    outcome = run(module)
    Path(results).write_text(json.dumps({"version": bpy.app.version_string, "outcome": outcome}))


if __name__ == "__main__":
    status = 1
    try:
        main()
        status = 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # Blender 4.5 as a module hangs while it is torn down
