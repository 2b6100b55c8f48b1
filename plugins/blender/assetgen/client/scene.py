"""The scene of a request: its depth, or its mesh for models that paint over a drawn picture; and the image size."""

from dataclasses import dataclass
from typing import Any

from .http import Server
from .sizes import UNITS


@dataclass(frozen=True)
class Scene:
    """What a camera sees: the picture's size in units, the depth as a PNG, the scene as a .glb file or None."""

    units: tuple[int, int]
    depth: bytes
    mesh: bytes | None
    ground: bool

    def finish(self, server: Server, request: dict[str, Any]) -> dict[str, Any]:
        """The request with the scene uploaded, and with the size in pixels by the model's native size."""
        models = {model["name"]: model for model in server.ask("GET", "/models")}
        model = models.get(request.get("model", "mini"), {})
        settings = {name: dict(words) for name, words in request.get("settings", {}).items()}
        scale = 1
        if self.draws(model, request):
            scale = model["starts"][request["preset"]]
            key, file = "depth.mesh", (self.mesh, "scene.glb")
            settings["depth"] = {**settings.get("depth", {}), "camera": "file", "ground": self.ground}
        else:
            key, file = "depth.image", (self.depth, "depth.png")
        if model.get("native"):  # the server reports the error of a model without
            size = [scale * side * unit // UNITS for side, unit in zip(model["native"], self.units, strict=True)]
            settings.setdefault("diffusion", {})["size"] = size
        inputs = {**request.get("inputs", {}), key: server.upload(*file)}
        return {**request, "settings": settings, "inputs": inputs}

    def draws(self, model: dict[str, Any], request: dict[str, Any]) -> bool:
        """Whether this model paints over a picture that the server draws from the mesh."""
        return self.mesh is not None and request["preset"] in model.get("starts", {})
