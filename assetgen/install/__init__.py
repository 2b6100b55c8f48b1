"""Installing the plugins into Godot projects and Blender."""
