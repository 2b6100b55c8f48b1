"""German translations of the extension; the source texts are English."""

_GERMAN = {
    "What to make": "Was entstehen soll",
    "Results": "Ergebnisse",
    "Settings": "Einstellungen",
    "Task": "Aufgabe",
    "Concept": "Konzept",
    "Concept art along the shape of the scene": "Ein Konzeptbild entlang der Formen der Szene",
    "Material": "Material",
    "A seamless PBR material for the selected objects": "Ein nahtloses PBR-Material für die ausgewählten Objekte",
    "Texture": "Textur",
    "A seamless texture as the colour of the active material": "Eine nahtlose Textur als Farbe des aktiven Materials",
    "Project": "Projizieren",
    "Paint the selected meshes as the camera sees them": "Bemalt die ausgewählten Meshes, wie die Kamera sie sieht",
    "Sprite Sheet": "Sprite-Bogen",
    "Pixel art of the selection from all sides": "Pixelkunst der Auswahl von allen Seiten",
    "Picture": "Bild",
    "Any preset: icons, decals, skies": "Jede Vorlage: Symbole, Aufkleber, Himmel",
    "Use the scene's camera": "Die Kamera der Szene verwenden",
    "Use the current 3D view": "Die aktuelle 3D-Ansicht verwenden",
    "The camera of the image": "Die Kamera des Bildes",
    "The prompt: what to make": "Der Prompt: was entstehen soll",
    "Without": "Ohne",
    "What the image should not show": "Was das Bild nicht zeigen soll",
    "The kind of asset": "Die Art des Assets",
    "Count": "Anzahl",
    "The number of variations": "Die Anzahl der Varianten",
    "The same seed gives the same image; variations count up from it": (
        "Derselbe Startwert ergibt dasselbe Bild; Varianten zählen von ihm aufwärts"
    ),
    "Draft": "Entwurf",
    "Draw placeholders instead of loading the model": "Platzhalter zeichnen, statt das Modell zu laden",
    "Allow Non-Commercial": "Nichtkommerzielles erlauben",
    "Reference": "Vorlage",
    "An image to paint over": "Ein Bild zum Übermalen",
    "How much the reference is changed: 0 little, 1 completely": (
        "Wie stark die Vorlage verändert wird: 0 wenig, 1 ganz"
    ),
    "Tiling": "Kachelung",
    "Repeats along a side": "Wiederholungen entlang einer Seite",
    "From All Sides": "Von allen Seiten",
    "Displace": "Verschieben",
    "Ground": "Boden",
    "Cuts": "Schnitte",
    "Views": "Ansichten",
    "Pixels": "Pixel",
    "Colors": "Farben",
    "Elevation": "Höhenwinkel",
    "Into the Asset Browser": "In den Asset-Browser",
    "Results become assets with prompt, seed and licence": "Ergebnisse werden Assets mit Text, Startwert und Lizenz",
    "No server": "Kein Server",
    "Looking for the server…": "Der Server wird gesucht …",
    "Cancelled": "Abgebrochen",
    "asking": "fragt an",
    "rendering": "rendert",
    "Another file was opened meanwhile.": "Inzwischen wurde eine andere Datei geöffnet.",
    "Generate again in that file.": "Erzeuge dort noch einmal.",
    "queued": "wartet",
    "running": "läuft",
    "cancelling": "bricht ab",
    "waiting for the server": "wartet auf den Server",
    "This file is not saved yet: results are packed into it.": (
        "Diese Datei ist noch nicht gespeichert: Ergebnisse werden in sie gepackt."
    ),
    "No assetgen server runs.": "Es läuft kein assetgen-Server.",
    "Press Start Server, or run `assetgen serve` in a terminal.": (
        "Drücke „Server starten“, oder rufe `assetgen serve` in einem Terminal auf."
    ),
    "The assetgen server does not respond.": "Der assetgen-Server antwortet nicht.",
    "Press Start Server: it continues its jobs.": "Drücke „Server starten“: Er setzt seine Aufträge fort.",
    "The server ended and did not restart.": "Der Server wurde beendet und startet nicht neu.",
    "Start it: it continues its jobs. Then generate again.": (
        "Starte ihn: Er setzt seine Aufträge fort. Erzeuge dann noch einmal."
    ),
    "The program assetgen is not in the search path.": "Das Programm assetgen ist nicht im Suchpfad.",
    "Install it (`pip install assetgen`), or set the program in this extension's preferences.": (
        "Installiere es (`pip install assetgen`), oder setze das Programm in den Einstellungen der Erweiterung."
    ),
    "The prompt is empty.": "Der Prompt ist leer.",
    "Write what to make, for example: a mossy brick wall.": "Schreibe es hin, zum Beispiel: a mossy brick wall.",
    "The scene has no camera.": "Die Szene hat keine Kamera.",
    "Add one (Shift A, Camera), or choose the viewport.": "Füge eine hinzu (Umschalt A), oder nimm die Ansicht.",
    "Program": "Programm",
    "State File": "Zustandsdatei",
    "Start the Server When Needed": "Server bei Bedarf starten",
    "Price": "Preis",
    "Requests go only to the server on this computer, never to the internet.": (
        "Anfragen gehen nur an den Server auf diesem Rechner, nie ins Internet."
    ),
}
_GERMAN_BUTTONS = {
    "Generate": "Erzeugen",
    "Start Server": "Server starten",
    "Cancel": "Abbrechen",
    "Use": "Verwenden",
    "Use as Reference": "Als Vorlage verwenden",
    "No Reference": "Ohne Vorlage",
    "Clear": "Leeren",
    "Earlier Prompts": "Frühere Texte",
    "Wait for Results": "Auf Ergebnisse warten",
}
_TEXTS = {("*", text): translation for text, translation in _GERMAN.items()}
_TEXTS |= {("Operator", text): translation for text, translation in _GERMAN_BUTTONS.items()}
TEXTS = {"de_DE": _TEXTS, "de": _TEXTS}
"""By locale: Blender's name for German changed."""
