"""German translations of the extension; the source texts are English."""

from .translations_painting import PAINTING, PAINTING_BUTTONS

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
    "Any preset: icons, decals, skies": "Jede Vorgabe: Symbole, Aufkleber, Himmel",
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
    "Reference": "Referenz",
    "An image to paint over": "Ein Bild zum Übermalen",
    "How much the reference is changed: 0 little, 1 completely": (
        "Wie stark die Referenz verändert wird: 0 wenig, 1 ganz"
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
    "Results become assets with prompt, seed and licence": "Ergebnisse werden Assets mit Prompt, Startwert und Lizenz",
    "No server": "Kein Server",
    "Looking for the server…": "Der Server wird gesucht …",
    "Cancelled": "Abgebrochen",
    "sending": "wird gesendet",
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
    "Install it as docs/install.md of assetgen says, or set the program in this extension's preferences.": (
        "Installiere es (siehe dessen docs/install.md), oder setze das Programm in den Einstellungen der Erweiterung."
    ),
    "The prompt is empty.": "Der Prompt ist leer.",
    "Write what to make, for example: a mossy brick wall.": "Schreibe es hin, zum Beispiel: a mossy brick wall.",
    "The scene has no camera.": "Die Szene hat keine Kamera.",
    "Add one (Shift A, Camera), or choose the viewport.": "Füge eine hinzu (Umschalt A), oder nimm die Ansicht.",
    "History": "Verlauf",
    "Queue": "Warteschlange",
    "Preview": "Vorschau",
    "Onion": "Zwiebelhaut",
    "File": "Datei",
    "Play animations, repeat tiles, stretch panels": "Animationen abspielen, Kacheln wiederholen, Rahmen strecken",
    "Play with the frames before and after": "Mit den Einzelbildern davor und danach abspielen",
    "Show the whole file": "Die ganze Datei zeigen",
    "How animations, tiles and panels are shown": "Wie Animationen, Kacheln und Rahmen gezeigt werden",
    "Search": "Suchen",
    "Words of the prompt, the preset, the model or the seed": (
        "Wörter des Prompts, der Vorgabe, des Modells oder der Startwert"
    ),
    "Seed": "Startwert",
    "Score": "Bewertung",
    "Preset": "Vorgabe",
    "Prompt": "Prompt",
    "Model": "Modell",
    "Name": "Name",
    "As": "Als",
    "Strength": "Stärke",
    "View": "Ansicht",
    "as the preset": "wie die Vorgabe",
    "automatic": "automatisch",
    "none": "keine",
    "The colour texture of the active material": "Die Farbtextur des aktiven Materials",
    "A material of the selected objects": "Ein Material der ausgewählten Objekte",
    "An image of this file, shown in image editors": "Ein Bild dieser Datei, in Bildeditoren gezeigt",
    "Nothing was made in this project yet.": "In diesem Projekt wurde noch nichts erzeugt.",
    "Nothing matches.": "Nichts passt dazu.",
    "Starting the server…": "Der Server wird gestartet …",
    "Restarting the server…": "Der Server wird neu gestartet …",
    "Stopping the server…": "Der Server wird beendet …",
    "Not usable": "Unbrauchbar",
    "starting the server": "startet den Server",
    "loading the model": "lädt das Modell",
    "after {}": "nach {}",
    "after {} jobs, now {}": "nach {} Aufträgen, jetzt {}",
    "{} of {} made.": "{} von {} erzeugt.",
    "Cancelled: {} of {} made.": "Abgebrochen: {} von {} erzeugt.",
    "This server is older than the extension: no history, no queue, no previews of steps.": (
        "Dieser Server ist älter als die Erweiterung: kein Verlauf, keine Warteschlange, keine Vorschau der Schritte."
    ),
    "This server is older than the extension: it keeps no history.": (
        "Dieser Server ist älter als die Erweiterung: Er führt keinen Verlauf."
    ),
    "Update both from one copy of the repository, then restart the server.": (
        "Aktualisiere beide aus einer Kopie des Repositorys, dann starte den Server neu."
    ),
    "The server has API {}, but this extension needs {}.": (
        "Der Server hat die API {}, diese Erweiterung braucht aber {}."
    ),
    "2.0 or newer, or belongs to another program": "2.0 oder neuer, oder gehört zu einem anderen Programm",
    "Update both from one copy of the repository, then run `assetgen plugin install blender`.": (
        "Aktualisiere beide aus einer Kopie des Repositorys, dann rufe `assetgen plugin install blender` auf."
    ),
    "The server at {} does not accept the token in {}.": "Der Server unter {} nimmt das Token in {} nicht an.",
    "End that server (process {}), then press Start Server: it writes the file anew.": (
        "Beende diesen Server (Prozess {}) und drücke „Server starten“: Er schreibt die Datei neu."
    ),
    "The server's address belongs to another program.": "Die Adresse des Servers gehört einem anderen Programm.",
    "Restart the server.": "Starte den Server neu.",
    "The state file {} cannot be read.": "Die Zustandsdatei {} kann nicht gelesen werden.",
    "Restart the server: it writes the file anew.": "Starte den Server neu: Er schreibt die Datei neu.",
    "The state file {} points to another computer: {}.": "Die Zustandsdatei {} zeigt auf einen anderen Rechner: {}.",
    "Only a server on this computer is used: set its state file in the preferences.": (
        "Nur ein Server auf diesem Rechner wird verwendet: Stelle seine Zustandsdatei in den Einstellungen ein."
    ),
    "The program {} does not exist, or cannot be run.": (
        "Das Programm {} gibt es nicht, oder es kann nicht ausgeführt werden."
    ),
    "The program {}, which installed this extension, no longer exists.": (
        "Das Programm {}, das diese Erweiterung installiert hat, gibt es nicht mehr."
    ),
    "Install assetgen again, then `assetgen plugin install blender`; or set the program in the preferences.": (
        "Installiere assetgen neu, dann `assetgen plugin install blender`; oder setze das Programm in der Einstellung."
    ),
    "The file {} cannot be read.": "Die Datei {} kann nicht gelesen werden.",
    "Run `assetgen plugin install blender` again, or set the program in the preferences.": (
        "Rufe `assetgen plugin install blender` noch einmal auf, oder setze das Programm in den Einstellungen."
    ),
    "{} cannot be started ({}: {}).": "{} kann nicht gestartet werden ({}: {}).",
    "The server ended at once: {}": "Der Server endete sofort: {}",
    "Its complete output is in {}.": "Seine ganze Ausgabe steht in {}.",
    "The server did not answer within {} seconds.": "Der Server hat binnen {} Sekunden nicht geantwortet.",
    "Its output is in {}.": "Seine Ausgabe steht in {}.",
    "The server did not end within {} seconds.": "Der Server hat sich binnen {} Sekunden nicht beendet.",
    "End process {} in the task manager.": "Beende den Prozess {} in der Systemüberwachung.",
    "The server (process {}) cannot be ended from here.": "Der Server (Prozess {}) kann von hier nicht beendet werden.",
    "End it where it was started.": "Beende ihn dort, wo er gestartet wurde.",
    "The preferences forbid to start the server.": "Die Einstellungen verbieten, den Server zu starten.",
    "Start `assetgen serve` in a terminal.": "Starte `assetgen serve` in einem Terminal.",
    "Another server runs now, and it does not have this request.": (
        "Inzwischen läuft ein anderer Server, der diesen Auftrag nicht hat."
    ),
    "Generate again.": "Erzeuge noch einmal.",
    "The server no longer has {}.": "Der Server hat {} nicht mehr.",
    "Request it again.": "Fordere es noch einmal an.",
    "{} cannot be written ({}).": "{} kann nicht geschrieben werden ({}).",
    "Make room there or check the permissions, or choose another folder in the preferences.": (
        "Schaffe dort Platz, prüfe die Rechte, oder wähle in den Einstellungen einen anderen Ordner."
    ),
    "The extension's folder {} cannot be written ({}).": (
        "Der Ordner der Erweiterung {} kann nicht beschrieben werden ({})."
    ),
    "Check the permissions of Blender's folder in your home directory.": (
        "Prüfe die Rechte von Blenders Ordner in deinem Benutzerverzeichnis."
    ),
    "The prompt is not remembered: {} cannot be written ({}).": (
        "Der Prompt wird nicht gemerkt: {} kann nicht geschrieben werden ({})."
    ),
    "Free some disk space, or check the permissions; nothing else is affected.": (
        "Schaffe Platz, oder prüfe die Rechte; sonst ist nichts betroffen."
    ),
    "Try another prompt or another seed.": "Versuche einen anderen Prompt oder Startwert.",
    "No mesh is selected.": "Kein Mesh ist ausgewählt.",
    "No object with a surface is selected.": "Kein Objekt mit einer Oberfläche ist ausgewählt.",
    "Click one in the view.": "Klicke eines in der Ansicht an.",
    "The reference {} cannot be read ({}).": "Die Referenz {} kann nicht gelesen werden ({}).",
    "Choose another file, or none.": "Wähle eine andere Datei oder keine.",
    "{} ({}) must be {}.": "{} ({}) muss {} sein.",
    "a number": "eine Zahl",
    "numbers, like 128, 128": "eine Reihe von Zahlen wie 128, 128",
    "Clear the field to use the preset's value.": "Leere das Feld, dann gilt der Wert der Vorgabe.",
    "The files of {} no longer exist.": "Die Dateien von {} gibt es nicht mehr.",
    "Generate them again.": "Erzeuge sie noch einmal.",
    "The files of this result were deleted.": "Die Dateien dieses Ergebnisses wurden gelöscht.",
    "Press Again: the same seed makes the same picture.": (
        "Drücke „Noch einmal“: Derselbe Startwert ergibt dasselbe Bild."
    ),
    "This result is no longer in the history.": "Dieses Ergebnis ist nicht mehr im Verlauf.",
    "Refresh the history.": "Lies den Verlauf neu.",
    "{} has no letter or digit.": "{} hat keinen Buchstaben und keine Ziffer.",
    "{} exists already.": "{} gibt es schon.",
    "Choose another name.": "Wähle einen anderen Namen.",
    "There is no such image.": "Dieses Bild gibt es nicht.",
    "Generate one first.": "Erzeuge zuerst eines.",
    "Click an image to use it here.": "Klicke ein Bild an, um es hier zu verwenden.",
    "An object of this task was removed.": "Ein Objekt dieser Aufgabe wurde entfernt.",
    "Undo the removal, or generate again.": "Mache das rückgängig, oder erzeuge noch einmal.",
    "Please report it.": "Bitte melde das.",
    "Internal error of the extension: {}.": "Interner Fehler der Erweiterung: {}.",
    "Mark two results or more first.": "Markiere zuerst zwei oder mehr Ergebnisse.",
    "Job and number of the result": "Auftrag und Nummer des Ergebnisses",
    "Generate with the panel's settings; the result is one undo step": (
        "Mit den Einstellungen des Panels erzeugen; das Ergebnis ist ein Rückgängig-Schritt"
    ),
    "Start the server if none runs, and load its presets and models": (
        "Den Server starten, falls keiner läuft, und seine Vorgaben und Modelle laden"
    ),
    "Stop the server; the next one continues its jobs": "Den Server beenden; der nächste setzt seine Aufträge fort",
    "Restart the server, for example after an update; it continues its jobs": (
        "Den Server neu starten, etwa nach einer Aktualisierung; er setzt seine Aufträge fort"
    ),
    "Cancel the task; finished images stay": "Die Aufgabe abbrechen; fertige Bilder bleiben",
    "Cancel this job, also one of another program": "Diesen Auftrag abbrechen, auch den eines anderen Programms",
    "Use this image instead of the previous one": "Dieses Bild statt des vorigen verwenden",
    "Use this image as the reference": "Dieses Bild als Referenz verwenden",
    "Remove the images from this panel; they stay in the history, and their files stay": (
        "Die Bilder aus diesem Panel entfernen; im Verlauf und als Dateien bleiben sie"
    ),
    "Remove the reference image": "Die Referenz entfernen",
    "Use an earlier prompt": "Einen früheren Prompt verwenden",
    "Show what made this result, and what can be done with it": (
        "Zeigen, woraus dieses Ergebnis entstand und was damit geht"
    ),
    "Bring this result into the file, as one undo step": (
        "Dieses Ergebnis in die Datei holen, als ein Rückgängig-Schritt"
    ),
    "Make it again with the same seed": "Es mit demselben Startwert noch einmal erzeugen",
    "Make variations of it: the same request with other seeds": (
        "Varianten davon erzeugen: derselbe Auftrag mit anderen Startwerten"
    ),
    "Use this image as the reference of the next request": "Dieses Bild als Referenz des nächsten Auftrags verwenden",
    "Save a copy under a name of your own, and keep it in this file as an image": (
        "Eine Kopie unter einem eigenen Namen speichern und als Bild in dieser Datei behalten"
    ),
    "Mark this result for a comparison, or take the mark away": (
        "Dieses Ergebnis für einen Vergleich markieren, oder die Markierung aufheben"
    ),
    "Remove this result from the history; files in your project stay": (
        "Dieses Ergebnis aus dem Verlauf entfernen; Dateien in deinem Projekt bleiben"
    ),
    "Show the marked results side by side": "Die markierten Ergebnisse nebeneinander zeigen",
    "Turn the pages of the history": "Im Verlauf blättern",
    "Read the history of this project anew": "Den Verlauf dieses Projekts neu lesen",
    "The program assetgen. Empty: the one that installed this extension, or in the search path": (
        "Das Programm assetgen. Leer: das, welches diese Erweiterung installiert hat, oder das im Suchpfad"
    ),
    "The file with the server's address. Empty: that of ASSETGEN_STATE_FILE, else the server's default": (
        "Die Datei mit der Adresse des Servers. Leer: die aus ASSETGEN_STATE_FILE, sonst die übliche"
    ),
    "Start assetgen serve for a request when no server runs": (
        "assetgen serve für einen Auftrag starten, wenn kein Server läuft"
    ),
    "The folder of the results. // is the folder of the .blend file": (
        "Der Ordner der Ergebnisse. // ist der Ordner der .blend-Datei"
    ),
    "The model of new scenes": "Das Modell neuer Szenen",
    "The model. Empty: that of the preferences": "Das Modell. Leer: das aus den Einstellungen",
    "as installed, else from the search path": "wie installiert, sonst aus dem Suchpfad",
    "Allow models whose licence forbids commercial use": (
        "Modelle erlauben, deren Lizenz kommerzielle Nutzung verbietet"
    ),
    "Map the texture from six sides, without UVs: for blockouts, not for export": (
        "Die Textur ohne UVs von sechs Seiten auflegen: für Blockouts, nicht für den Export"
    ),
    "Let the height map move the surface (Cycles)": "Die Höhenkarte die Oberfläche verschieben lassen (Cycles)",
    "Add a ground plane to the depth image, as models expect": (
        "Dem Tiefenbild eine Bodenebene hinzufügen, wie Modelle sie erwarten"
    ),
    "Views around the object": "Ansichten rings um das Objekt",
    "Size of a sprite": "Größe eines Sprites",
    "Colors of the sheet": "Farben des Bogens",
    "Degrees from above": "Grad von oben",
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
    "Use as Reference": "Als Referenz verwenden",
    "No Reference": "Ohne Referenz",
    "Clear": "Leeren",
    "Stop Server": "Server beenden",
    "Restart Server": "Server neu starten",
    "Cancel Job": "Auftrag abbrechen",
    "Choose": "Auswählen",
    "Again": "Noch einmal",
    "Variations": "Varianten",
    "Keep As": "Behalten als",
    "Mark": "Markieren",
    "Remove": "Entfernen",
    "Compare": "Vergleichen",
    "Turn the Page": "Blättern",
    "Refresh the History": "Verlauf neu lesen",
    "Earlier Prompts": "Frühere Prompts",
    "Wait for Results": "Auf Ergebnisse warten",
}
_ALL = _GERMAN | PAINTING
TEMPLATES = tuple(text for text in _ALL if "{}" in text)
"""Texts with numbers, names and paths."""
_TEXTS = {("*", text): translation for text, translation in _ALL.items()}
_TEXTS |= {("Operator", text): translation for text, translation in (_GERMAN_BUTTONS | PAINTING_BUTTONS).items()}
TEXTS = {"de_DE": _TEXTS, "de": _TEXTS}
"""By locale: Blender's name for German changed."""
