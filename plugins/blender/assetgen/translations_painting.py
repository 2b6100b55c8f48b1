"""German texts of painting and of the folder of results."""

PAINTING = {
    "Paint": "Bemalen",
    "Paint the selected meshes from several cameras, into one texture": (
        "Bemalt die ausgewählten Meshes von mehreren Kameras aus, in eine Textur"
    ),
    "From": "Von",
    "The cameras that paint": "Die Kameras, von denen aus bemalt wird",
    "All Cameras": "Alle Kameras",
    "Use all cameras of the scene": "Alle Kameras der Szene verwenden",
    "Use the selected cameras": "Die ausgewählten Kameras verwenden",
    "Ring": "Ring",
    "Selected Cameras": "Ausgewählte Kameras",
    "Ring of Cameras": "Ring aus Kameras",
    "Scene Camera": "Kamera der Szene",
    "Use a ring of cameras around the meshes": "Einen Ring von Kameras um die Meshes verwenden",
    "Cameras around the meshes": "Kameras rund um die Meshes",
    "Cameras": "Kameras",
    "Width and height of the texture": "Breite und Höhe der Textur",
    "One Texture for All": "Eine Textur für alle",
    "Unwrap all meshes side by side, with one texture and material": (
        "Alle Meshes nebeneinander abwickeln, mit einer Textur und einem Material"
    ),
    "Only": "Nur",
    "What may be painted": "Was bemalt werden darf",
    "Whole Meshes": "Ganze Meshes",
    "Paint everything that a camera sees": "Alles bemalen, was eine Kamera sieht",
    "Selected Faces": "Ausgewählte Flächen",
    "Paint only the faces that are selected in edit mode": (
        "Nur die Flächen bemalen, die im Bearbeitungsmodus ausgewählt sind"
    ),
    "Paint only the active vertex group, by weight": "Nur die aktive Vertexgruppe bemalen, nach Gewicht",
    "Paint only where an image is white": "Nur bemalen, wo ein Bild weiß ist",
    "Show in Material Preview": "In der Materialvorschau zeigen",
    "Mask": "Maske",
    "White is painted, black is kept; in the UV map of the texture": (
        "Weiß wird bemalt, Schwarz bleibt; in der UV-Map der Textur"
    ),
    "Continue Earlier Views": "Frühere Ansichten fortsetzen",
    "Each picture continues what earlier ones show, where model and preset take a mask": (
        "Jedes Bild setzt fort, was frühere zeigen, wo Modell und Vorlage eine Maske annehmen"
    ),
    "Left out, because they see none of the meshes: {}.": "Ausgelassen, weil sie keines der Meshes sehen: {}.",
    "Turn them to the meshes.": "Drehe sie zu den Meshes.",
    "No camera sees the selected meshes.": "Keine Kamera sieht die ausgewählten Meshes.",
    "Turn the cameras to them.": "Drehe die Kameras zu ihnen.",
    "Turn the cameras to them, or choose Ring of Cameras.": (
        "Drehe die Kameras zu ihnen, oder nimm den Ring aus Kameras."
    ),
    "No camera is selected.": "Keine Kamera ist ausgewählt.",
    "Select cameras together with the meshes, or choose Ring of Cameras.": (
        "Wähle Kameras zusammen mit den Meshes aus, oder nimm den Ring aus Kameras."
    ),
    "Add one (Shift A, Camera), or choose Ring of Cameras.": (
        "Füge eine hinzu (Umschalt A, Kamera), oder nimm den Ring aus Kameras."
    ),
    "There are {} cameras; {} can be used.": "Es gibt {} Kameras; {} können verwendet werden.",
    "Choose Selected Cameras, and select some.": "Nimm „Ausgewählte Kameras“, und wähle einige aus.",
    "{} is being edited.": "{} wird gerade bearbeitet.",
    "Go back to object mode, then try again.": "Gehe zurück in den Objektmodus, dann versuche es noch einmal.",
    "The mesh of {} belongs to another file.": "Das Mesh von {} gehört zu einer anderen Datei.",
    "Make it local first.": "Mache es zuerst lokal.",
    "{} has no faces.": "{} hat keine Flächen.",
    "Deselect it, or add faces.": "Wähle es ab, oder füge Flächen hinzu.",
    "{} shares its mesh with {}.": "{} teilt sich sein Mesh mit {}.",
    "Select only one of them, or make it a single user first.": (
        "Wähle nur eines davon aus, oder gib ihm zuerst ein eigenes Mesh."
    ),
    "{} has no selected faces.": "{} hat keine ausgewählten Flächen.",
    "Select some in edit mode, or choose Whole Meshes.": (
        "Wähle welche im Bearbeitungsmodus aus, oder nimm „Ganze Meshes“."
    ),
    "{} has no vertex group.": "{} hat keine Vertexgruppe.",
    "Add one and assign vertices, or choose Whole Meshes.": "Füge eine mit Vertices hinzu, oder nimm „Ganze Meshes“.",
    "The mask image is missing.": "Das Maskenbild fehlt.",
    "Choose an image: white is painted, black is kept.": "Wähle ein Bild: Weiß wird bemalt, Schwarz bleibt.",
    "The modifiers of {} remove its UV map.": "Die Modifikatoren von {} entfernen seine UV-Map.",
    "Apply them, or disable them in the view.": "Wende sie an, oder schalte sie in der Ansicht aus.",
    "{} has no room for another UV map.": "{} hat keinen Platz für eine weitere UV-Map.",
    "Remove one: a mesh holds eight.": "Entferne eine: Ein Mesh hat höchstens acht.",
    "The camera {} is panoramic.": "Die Kamera {} ist eine Panoramakamera.",
    "Choose a perspective or orthographic camera.": "Nimm eine perspektivische oder orthografische Kamera.",
    "{} unused files, {} MB": "{} unbenutzte Dateien, {} MB",
    "Every result is used.": "Jedes Ergebnis wird benutzt.",
    "Undo does not restore them; the history can make them again.": (
        "Rückgängig holt sie nicht zurück; der Verlauf kann sie neu erzeugen."
    ),
    "Only a folder of results beside the .blend file can be cleaned up.": (
        "Nur ein Ergebnisordner neben der .blend-Datei kann aufgeräumt werden."
    ),
    "Save this file, and set the folder of results relative to it (//) in the preferences.": (
        "Speichere diese Datei, und setze den Ergebnisordner in den Einstellungen relativ zu ihr (//)."
    ),
}
PAINTING_BUTTONS = {
    "Clean Up Unused": "Unbenutztes aufräumen",
    "Delete": "Löschen",
}
