"""Errors, and the messages that the user gets."""

import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import bpy
from stage import refused

MANY = {"count": 64, "preset": "pbr_material"}


def _own_server(stage):
    """A server for this trial only, started by the extension."""
    stage.preferences.state = str(stage.folder / "server.json")
    bpy.ops.assetgen.connect()
    bpy.ops.assetgen.wait(seconds=90)
    return _pid(stage)


def _pid(stage):
    return json.loads((stage.folder / "server.json").read_text())["pid"]


def _begin(stage, **settings):
    for name, value in {"draft": True, "task": "PICTURE", **settings}.items():
        setattr(stage.settings, name, value)
    bpy.ops.assetgen.generate(prompt="a mossy wall")


def _state(stage, **words):
    place = stage.folder / "server.json"
    place.write_text(json.dumps({"url": "http://127.0.0.1:9", "token": "x", "pid": 1, "version": "0", **words}))
    stage.preferences.state, stage.preferences.starts = str(place), False


def trial_no_server_runs_and_starting_one_is_disabled(stage):
    stage.preferences.state, stage.preferences.starts = str(stage.folder / "none.json"), False
    refused(lambda: stage.ask("MATERIAL"), "No assetgen server runs", "Start Server")


def trial_a_dead_server_left_its_state_file(stage):
    _state(stage)
    refused(lambda: stage.ask("MATERIAL"), "No assetgen server runs")


def trial_a_missing_program(stage):
    stage.preferences.state = str(stage.folder / "none.json")
    stage.preferences.program = str(stage.folder / "assetgen")
    refused(lambda: stage.ask("MATERIAL"), "does not exist", "docs/install.md")


def trial_a_program_that_ends_at_once_is_reported_with_its_output(stage):
    program = stage.folder / "assetgen"
    program.write_text("#!/bin/sh\necho 'no module named torch' >&2; exit 3\n")
    program.chmod(0o755)
    stage.preferences.state, stage.preferences.program = str(stage.folder / "none.json"), str(program)
    refused(lambda: stage.ask("MATERIAL"), "ended at once", "No module named torch.")


def trial_a_wrong_token(stage):
    url = json.loads(Path(os.environ["ASSETGEN_STATE_FILE"]).read_text())["url"]
    _state(stage, url=url)
    refused(lambda: stage.ask("MATERIAL"), "does not accept the token", "End that server", "Start Server")


def trial_a_state_file_with_the_url_of_another_computer(stage):
    _state(stage, url="http://192.0.2.1:80")
    refused(lambda: stage.ask("MATERIAL"), "points to another computer")


def trial_a_damaged_state_file(stage):
    _state(stage)
    (stage.folder / "server.json").write_text('{"url": ')
    refused(lambda: stage.ask("MATERIAL"), "cannot be read", "Restart the server")


class _Later(BaseHTTPRequestHandler):
    """A server with API v2 only."""

    def do_GET(self):
        self.send_error(404)

    def log_message(self, *words):
        pass


def trial_a_server_of_another_version(stage):
    server = HTTPServer(("127.0.0.1", 0), _Later)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _state(stage, url=f"http://127.0.0.1:{server.server_port}")
    refused(lambda: stage.ask("MATERIAL"), "has API", "this extension needs 1.1", "assetgen plugin install blender")
    server.shutdown()
    server.server_close()


def trial_a_job_continues_after_its_server_was_killed_and_restarted(stage):
    first = _own_server(stage)
    _begin(stage, **MANY)
    stage.until(lambda: stage.task.candidates)
    os.kill(first, signal.SIGKILL)
    stage.until(lambda: stage.task.progress.word == "waiting for the server")
    bpy.ops.assetgen.connect()
    bpy.ops.assetgen.wait(seconds=120)
    assert stage.task.status == "done" and len(stage.task.candidates) == 64 and _pid(stage) != first


def trial_the_server_can_be_stopped_and_restarted(stage):
    first = _own_server(stage)
    bpy.ops.assetgen.restart_server()
    bpy.ops.assetgen.wait(seconds=90)
    assert stage.part("catalog").catalog.version and _pid(stage) != first
    bpy.ops.assetgen.stop_server()
    bpy.ops.assetgen.wait(seconds=90)
    assert not stage.part("catalog").catalog.version
    stage.preferences.starts = False
    refused(lambda: stage.ask("PICTURE"), "No assetgen server runs")


def trial_a_refusal_stays_in_its_tab_until_the_next_request_there(stage):
    refused(lambda: bpy.ops.assetgen.generate(task="MATERIAL"), "The prompt is empty")
    stage.ask("PICTURE")
    notices = stage.part("tasks").notices
    assert list(notices) == ["MATERIAL"] and notices["MATERIAL"].cure
    stage.ask("MATERIAL")
    assert notices == {}


def trial_a_job_fails_if_its_server_does_not_return(stage):
    pid = _own_server(stage)
    _begin(stage, **MANY)
    stage.task.job.comes_back = 1.0
    stage.until(lambda: stage.task.candidates)
    os.kill(pid, signal.SIGKILL)
    refused(lambda: bpy.ops.assetgen.wait(seconds=60), "ended and did not restart", "Start it")
    assert stage.task.candidates, "what came before stays"


def trial_a_cancelled_job_ends_at_once(stage):
    _begin(stage, **MANY)
    stage.until(lambda: stage.task.candidates)
    began = time.monotonic()
    bpy.ops.assetgen.cancel()
    bpy.ops.assetgen.wait(seconds=60)
    assert stage.task.status == "cancelled" and stage.task.trouble is None
    assert time.monotonic() - began < 60 and len(stage.task.candidates) < 64
    job = stage.part("catalog").server().ask("GET", f"/jobs/{stage.task.job.id}")
    assert job["status"] == "cancelled"


def trial_disabling_the_extension_cancels_running_jobs(stage):
    _begin(stage, **MANY)
    stage.until(lambda: stage.task.job.id)
    task = stage.task
    stage.part("tasks").forget()
    server = stage.part("catalog").server()
    stage.until(lambda: server.ask("GET", f"/jobs/{task.job.id}")["ended"])
    assert server.ask("GET", f"/jobs/{task.job.id}")["status"] == "cancelled"


def trial_a_file_opened_meanwhile_is_not_changed(stage):
    _begin(stage, task="MATERIAL")
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    refused(lambda: bpy.ops.assetgen.wait(), "Another file was opened")
    assert bpy.data.objects["Cube"].active_material.name == "Material"
    assert stage.task.candidates


def trial_an_object_removed_meanwhile(stage):
    _begin(stage, task="MATERIAL")
    bpy.data.objects.remove(stage.cube)
    refused(lambda: bpy.ops.assetgen.wait(), "was removed", "Undo the removal")


def trial_an_empty_prompt(stage):
    refused(lambda: bpy.ops.assetgen.generate(task="MATERIAL"), "The prompt is empty")


def trial_nothing_selected(stage):
    bpy.ops.object.select_all(action="DESELECT")
    for task in ("MATERIAL", "TEXTURE", "PROJECT", "SPRITE"):
        refused(lambda task=task: bpy.ops.assetgen.generate(task=task, prompt="x"), "is selected", "Click one")


def trial_no_camera(stage):
    bpy.data.objects.remove(bpy.context.scene.camera)
    refused(lambda: bpy.ops.assetgen.generate(task="CONCEPT", prompt="x"), "The scene has no camera")


def trial_the_viewport_in_background_mode(stage):
    stage.settings.view = "VIEWPORT"
    refused(lambda: bpy.ops.assetgen.generate(task="CONCEPT", prompt="x"), "There is no 3D view", "Choose the camera")


def trial_a_missing_preset(stage):
    stage.settings.task = "PICTURE"
    refused(lambda: stage.ask("PICTURE", preset="pixel_sprit"), "There is no preset 'pixel_sprit'", "pixel_sprite")


def trial_a_model_whose_weights_are_missing(stage):
    refused(lambda: stage.ask("PICTURE", model="sdxl", draft=False), "on this machine", "assetgen models get")


def trial_a_missing_reference_image(stage):
    refused(lambda: stage.ask("PICTURE", reference="/nowhere/x.png"), "/nowhere/x.png cannot be read")


def trial_an_invalid_number(stage):
    stage.settings.task = "MATERIAL"
    bpy.ops.assetgen.connect()
    bpy.ops.assetgen.wait()
    stage.settings.form["diffusion.steps"].text = "many"
    refused(lambda: stage.ask("MATERIAL"), "Steps (diffusion) must be a number")


def trial_a_folder_that_cannot_be_written(stage):
    (stage.folder / "file").touch()
    stage.preferences.output = str(stage.folder / "file")
    refused(lambda: stage.ask("PICTURE"), "cannot be written", "another folder")


def trial_a_result_whose_files_the_server_lost(stage):
    stage.ask("PICTURE")
    bpy.ops.assetgen.history_refresh()
    bpy.ops.assetgen.wait()
    entry = stage.part("history").history.entries[0]
    stage.part("catalog").server().ask("DELETE", f"/history/{entry.job}/{entry.number}")
    bpy.ops.assetgen.history_use(key=entry.key, way="PICTURE")
    bpy.ops.assetgen.wait()  # its file is still in the folder of results
    for place in stage.task.candidates[1].files.values():
        place.unlink()
    refused(lambda: bpy.ops.assetgen.history_use(key=entry.key, way="PICTURE") and bpy.ops.assetgen.wait(), "no longer")


def trial_a_picked_candidate_whose_files_are_missing(stage):
    task = stage.ask("MATERIAL", count=2)
    task.candidates[2].files["color"].unlink()
    refused(lambda: bpy.ops.assetgen.pick(task=0, number=2), "no longer exist", "Generate them again")
    refused(lambda: bpy.ops.assetgen.pick(task=0, number=9), "There is no such image")
