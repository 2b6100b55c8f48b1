"""The extension in German; English is what the code says."""

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
    "Look through the scene's camera": "Blick durch die Kamera der Szene",
    "Look as the 3D view stands": "Blick wie in der 3D-Ansicht",
    "Where it is looked from": "Von wo geschaut wird",
    "What to make, in plain words": "Was entstehen soll, in einfachen Worten",
    "Without": "Ohne",
    "What shall not be in the picture": "Was nicht im Bild sein soll",
    "The kind of asset": "Die Art des Assets",
    "Count": "Anzahl",
    "How many to choose from": "Wie viele zur Auswahl stehen",
    "The same seed gives the same picture; variations count up from it": (
        "Derselbe Startwert ergibt dasselbe Bild; Varianten zählen von ihm aufwärts"
    ),
    "Draft": "Entwurf",
    "Quick drawings in place of the model, to try things out": "Schnelle Zeichnungen statt des Modells, zum Probieren",
    "Allow Non-Commercial": "Nichtkommerzielles erlauben",
    "Reference": "Vorlage",
    "A picture that is painted over": "Ein Bild, das übermalt wird",
    "How far the reference is painted over: 1 wholly, 0 hardly": ("Wie weit die Vorlage übermalt wird: 1 ganz, 0 kaum"),
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
    "Ask for it again there.": "Frage dort noch einmal an.",
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
    "The assetgen server does not answer.": "Der assetgen-Server antwortet nicht.",
    "Press Start Server: it goes on with its jobs.": "Drücke „Server starten“: Er macht mit seinen Aufträgen weiter.",
    "The server ended and did not come back.": "Der Server ist beendet und kam nicht wieder.",
    "Start it: it goes on with what it was asked. Then ask the same again.": (
        "Starte ihn: Er macht weiter. Frage dann dasselbe noch einmal."
    ),
    "The program assetgen is not in the search path.": "Das Programm assetgen ist nicht im Suchpfad.",
    "Install it (`pip install assetgen`), or name the program in this extension's preferences.": (
        "Installiere es (`pip install assetgen`), oder nenne das Programm in den Einstellungen der Erweiterung."
    ),
    "The prompt is empty.": "Es steht nicht da, was entstehen soll.",
    "Write what to make, like: a mossy brick wall.": "Schreibe es hin, etwa: a mossy brick wall.",
    "The scene has no camera.": "Die Szene hat keine Kamera.",
    "Add one (Shift A, Camera), or choose the viewport.": "Füge eine hinzu (Umschalt A), oder nimm die Ansicht.",
    "Program": "Programm",
    "State File": "Zustandsdatei",
    "Start the Server When Needed": "Server bei Bedarf starten",
    "Price": "Preis",
    "Only the server on this computer is asked, never the internet.": (
        "Nur der Server auf diesem Rechner wird gefragt, nie das Internet."
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
_TEXTS = {("*", text): said for text, said in _GERMAN.items()}
_TEXTS |= {("Operator", text): said for text, said in _GERMAN_BUTTONS.items()}
TEXTS = {"de_DE": _TEXTS, "de": _TEXTS}
"""By locale: Blender's name for German changed."""
