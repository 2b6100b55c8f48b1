const facts = JSON.parse(document.getElementById("facts").textContent);
const picked = new Map(facts.assets.map((asset) => [asset.name, asset.picked]));
const undone = []; // [asset, what was picked before], the last change at the end
const VIEWS = ["fit", "real", "tiled"], GROUNDS = ["dark", "light", "checker"];
const narrow = matchMedia("(max-width: 900px)");
let at = { asset: 0, number: facts.assets[0]?.candidates[0]?.number };
let shown = facts.assets.map((_, index) => index);

const byId = (id) => document.getElementById(id);
const stage = byId("stage"); // moves below the asset on a narrow screen
const current = () => facts.assets[at.asset];
const chosen = () => current()?.candidates.find((each) => each.number === at.number);
const quoted = (word) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
const command = (...words) => ["assetgen", ...words].map(String).map(quoted).join(" ");
const locate = (name) => facts.assets.findIndex((asset) => asset.name === name);

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") node.textContent = value;
    else if (key === "onclick") node.addEventListener("click", value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter(Boolean));
  return node;
}

// Images. Pixel art is enlarged by whole factors, so that all its pixels have one size.

function scale(asset, candidate, [width, height], most = 16) {
  const fits = Math.min(width / candidate.width, height / candidate.height, most);
  return asset.pixels && fits > 1 ? Math.floor(fits) : fits;
}

/** One scale for all candidates of an asset. */
const common = (asset, box) => Math.min(...asset.candidates.map((each) => scale(asset, each, box)));

function imageOf(candidate, times, alt = "", onion = false) {
  const [width, height] = [candidate.width, candidate.height].map((side) => Math.max(1, Math.round(side * times)));
  if (candidate.animation) return filmOf(candidate, [width, height], alt, onion);
  return make("img", { src: candidate.src, alt, width, height, draggable: "false" });
}

function tiles(asset, candidate, box) {
  const down = asset.tiles.includes("y") ? 3 : 1, across = asset.tiles.includes("x") ? 3 : 1;
  const times = scale(asset, candidate, [box[0] / across, box[1] / down]);
  const [width, height] = [candidate.width, candidate.height].map((side) => Math.max(1, Math.round(side * times)));
  const tiled = make("div", { class: "tiled", role: "img", "aria-label": `${titleOf(asset, candidate)}, repeated ${across} × ${down}` });
  Object.assign(tiled.style, {
    width: `${width * across}px`, height: `${height * down}px`, backgroundImage: `url("${candidate.src}")`, backgroundSize: `${width}px ${height}px`,
  });
  return tiled;
}

const isWide = (asset) => asset.candidates.some((each) => each.width > 2 * each.height);

// The list of assets.

function draw() {
  byId("assets").replaceChildren(...shown.map(drawAsset), ...(shown.length ? [] : [make("p", { class: "none", text: "Nothing matches." })]));
  mark();
}

/** Redraw one asset and keep the focus. */
function redraw(index) {
  const section = byId(`asset-${index}`), number = document.activeElement?.dataset.number;
  const hadFocus = section?.contains(document.activeElement);
  section?.replaceWith(drawAsset(index));
  if (hadFocus) byId(`asset-${index}`).querySelector(`[data-number="${number}"]`)?.focus({ preventScroll: true });
}

function drawAsset(index) {
  const asset = facts.assets[index];
  const buttons = asset.candidates.map((candidate) => drawCandidate(asset, index, candidate));
  const kinds = ["candidates", asset.pixels && "pixels", isWide(asset) && "wide"].filter(Boolean).join(" ");
  return make("section", { id: `asset-${index}`, "aria-label": asset.name },
    make("div", { class: "top" }, make("h2", { text: asset.name }), make("small", { text: asset.fixed ? asset.preset : `${asset.preset} · ${asset.model}` }),
      make("small", { class: "standing" })),
    make("p", { class: "dim prompt", text: asset.prompt }),
    buttons.length ? make("div", { class: kinds, role: "group", "aria-label": asset.fixed ? asset.name : `Candidates of ${asset.name}` }, ...buttons)
      : make("p", { class: "none", text: emptyText(asset) }));
}

function emptyText(asset) {
  if (asset.fixed) return "It is shown once it is built. It has no candidates.";
  return facts.served && facts.count ? "Candidates appear here as they are made." : "No candidates yet. Press r to make some.";
}

/** The name of a candidate for people. An asset without candidates has one image. */
const titleOf = (asset, candidate) => (asset.fixed ? "Image" : `Candidate ${candidate.number}`);

function drawCandidate(asset, index, candidate) {
  const box = narrow.matches ? [isWide(asset) ? 280 : 96, 96] : [isWide(asset) ? 288 : 132, 132];
  const view = document.body.dataset.view;
  const image = view === "tiled" && asset.tiles ? tiles(asset, candidate, box) : imageOf(candidate, view === "real" ? 1 : common(asset, box));
  return make("button", {
    class: "candidate", "data-number": candidate.number, onclick: () => moveTo(index, candidate.number),
  }, make("span", { class: "ground" }, image), make("span", { class: "label" }));
}

/** Update everything but the images: the selected, picked and built candidates. */
function mark(indices = shown) {
  for (const index of indices.filter((each) => shown.includes(each))) {
    const asset = facts.assets[index], section = byId(`asset-${index}`);
    section.classList.toggle("current", index === at.asset);
    section.querySelector(".standing").textContent = stateOf(asset);
    for (const button of section.querySelectorAll(".candidate")) {
      const candidate = asset.candidates.find((each) => each.number === Number(button.dataset.number));
      const isAt = index === at.asset && candidate.number === at.number;
      button.classList.toggle("at", isAt);
      button.tabIndex = isAt || (index !== at.asset && candidate === asset.candidates[0]) ? 0 : -1;
      if (isAt) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current");
      label(button, asset, candidate);
    }
  }
  byId("count").textContent = shown.length === facts.assets.length ? `${shown.length} assets` : `${shown.length} of ${facts.assets.length} assets`;
  drawStage();
  drawTray();
}

function stateOf(asset) {
  const none = asset.outdated ? "a draft or an older picture is in the game" : "not built yet";
  if (asset.fixed) return asset.built ? "in the game" : none;
  const parts = [asset.built && `${asset.built} in the game`, picked.get(asset.name) && `${picked.get(asset.name)} picked`];
  return parts.filter(Boolean).join(" · ") || none;
}

function label(button, asset, candidate) {
  const failed = candidate.checks.filter((check) => !check.passed).map((check) => check.name);
  const state = picked.get(asset.name) === candidate.number ? ["picked", "picked"] : asset.built === candidate.number && ["built", "in game"];
  const flags = [failed.length && ["no", state ? "✗" : `✗ ${failed.join(", ")}`], state].filter(Boolean);
  button.querySelector(".label").replaceChildren(make("strong", { text: asset.fixed ? "" : candidate.number }),
    ...flags.map(([kind, text]) => make("span", { class: `flag ${kind}`, text })));
  const rejected = failed.length ? `rejected by ${failed.join(", ")}` : "";
  const states = [rejected, picked.get(asset.name) === candidate.number && "picked", asset.built === candidate.number && "in the game"];
  button.setAttribute("aria-label", [asset.fixed ? asset.name : `${asset.name}, candidate ${candidate.number}`, ...states.filter(Boolean)].join(", "));
}

// The selected candidate, enlarged.

function drawStage() {
  const asset = current(), candidate = chosen();
  const section = byId(`asset-${at.asset}`);
  (narrow.matches && section ? section : document.querySelector("main")).append(stage);
  stage.hidden = narrow.matches && !candidate;
  if (!candidate) return stage.replaceChildren(make("p", { class: "none", text: asset ? `${asset.name}: ${emptyText(asset)}` : "No candidate is selected." }));
  const kind = asset.pixels ? " pixels" : "";
  const width = Math.max(160, stage.clientWidth - 56);
  const view = onStage(), times = scale(asset, view, [width, 320]);
  const large = asset.tiles && document.body.dataset.view === "tiled" ? tiles(asset, candidate, [width, 320])
    : imageOf(view, times, `${view.name ?? titleOf(asset, candidate)}, enlarged`, clock.onion);
  stage.replaceChildren(...[
    make("div", { class: "top" }, make("h2", { text: asset.fixed ? asset.name : `${asset.name} · ${candidate.number}` }),
      make("small", { class: "standing", text: `${view.width} × ${view.height}, ${times >= 1 ? `${+times.toFixed(1)}×` : `${Math.round(times * 100)} %`}` })),
    make("div", { class: `ground large${kind}` }, large),
    playback(view),
    members(candidate),
    asset.fixed ? make("p", { class: "dim acts", text: withoutChoice(asset) }) : actions(asset, candidate),
    verdicts(candidate),
    ...compare(asset, candidate, kind, width),
    make("div", { class: "pair" },
      make("div", {}, make("h3", { text: "Real size" }), make("div", { class: `ground real${kind}`, tabindex: 0, role: "group", "aria-label": "Real size" }, imageOf(view, 1, "At its real size"))),
      asset.tiles && make("div", {}, make("h3", { text: "Repeated" }), make("div", { class: `ground${kind}` }, tiles(asset, candidate, [150, 150])))),
    ...(candidate.sheet ? [make("h3", { text: "Sheet" }), make("div", { class: `ground${kind}` }, imageOf(candidate.sheet, scale(asset, candidate.sheet, [width, 480])))] : []),
    ...maps(candidate),
    make("h3", { text: "How it was made" }), madeHow(asset, candidate),
  ].filter(Boolean));
  return exposeAll();
}

function actions(asset, candidate) {
  const is = picked.get(asset.name) === candidate.number;
  return make("div", { class: "acts" },
    make("button", { class: is ? "" : "primary", onclick: () => pick(is ? null : candidate.number), text: is ? "Undo the pick" : `Pick ${candidate.number}` }),
    make("button", { onclick: keys.r, "aria-keyshortcuts": "r" }, "More ", make("kbd", { text: "r" })),
    make("button", { onclick: keys.e, "aria-keyshortcuts": "e" }, "Prompt ", make("kbd", { text: "e" })));
}

function withoutChoice(asset) {
  const members = asset.members && `, made from ${asset.members}`;
  return `No candidates: another seed does not change ${asset.name}${members}.`;
}

function verdicts(candidate) {
  if (!candidate.checks.length) return null;
  const rows = candidate.checks.flatMap((check) => [make("dt", { text: check.name }),
    make("dd", { class: check.passed ? "pass" : "fail", text: check.passed ? `✓ ${check.score}` : `✗ ${check.score}: ${check.reason}` })]);
  return make("div", {}, make("h3", { text: "Checks" }), make("dl", {}, ...rows));
}

function compare(asset, candidate, kind, width) {
  if (!asset.now || asset.built === candidate.number) return [];
  if (candidate.animation && !asset.now.animation) {
    return [make("h3", { text: "Before and after" }), make("p", { class: "dim", text: "The animation in the game cannot be played here: the store no longer has its frames, or its file was edited." })];
  }
  const times = Math.min(...[asset.now, candidate].map((each) => scale(asset, each, [width, 240])));
  const halves = [[asset.now, "In the game now"], [candidate, "This candidate"]].map(([each, alt]) =>
    make("div", { class: "half" }, imageOf(each, times, alt)));
  const slider = make("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": "Share of the image in the game that covers this candidate, in percent" });
  const ground = make("div", { class: "ground" }, ...halves);
  const move = () => {
    ground.style.setProperty("--at", `${slider.value}%`);
    halves[0].style.clipPath = `inset(0 ${100 - slider.value}% 0 0)`;
    halves[1].style.clipPath = `inset(0 0 0 ${slider.value}%)`;
  };
  const drag = (event) => {
    const { left, width: span } = ground.getBoundingClientRect();
    slider.value = (100 * (event.clientX - left)) / span;
    move();
  };
  ground.addEventListener("pointerdown", (event) => { ground.setPointerCapture(event.pointerId); drag(event); });
  ground.addEventListener("pointermove", (event) => event.buttons && drag(event));
  slider.addEventListener("input", move);
  move();
  return [make("h3", { text: "Before and after" }), make("div", { class: `compare${kind}` }, ground, slider,
    make("div", { class: "ends" }, make("span", { text: "in the game now" }), make("span", { text: `candidate ${candidate.number}` })))];
}

/** Material maps, states, layers and pages, each kind below its heading. */
const maps = (candidate) => [...new Set(candidate.maps.map((map) => map.group))].flatMap((group) => [make("h3", { text: group }),
  make("div", { class: "maps" }, ...candidate.maps.filter((map) => map.group === group).map((map) =>
    make("figure", {}, make("img", { src: map.src, alt: map.name }), make("figcaption", { text: map.name }))))]);

function madeHow(asset, candidate) {
  const rows = [["Prompt", asset.prompt], ["Full prompt", asset.full_prompt !== asset.prompt && asset.full_prompt], ["Preset", asset.preset], ["Model", !asset.fixed && asset.model],
    ["Seed", candidate.seed ?? "none"], ["Members", asset.members], ["Cost", costOf(candidate.cost)], ["Written in", asset.where]].filter(([, value]) => value);
  return make("dl", {}, ...rows.flatMap(([key, value]) => [make("dt", { text: key }), make("dd", { text: value })]));
}

function costOf(cost) {
  if (!cost.seconds) return "none: made without a model";
  const parts = [`${cost.seconds.toFixed(1)} s`, cost.watt_hours && `${cost.watt_hours.toFixed(3)} Wh`, cost.usd && `${cost.usd.toFixed(6)} USD`];
  return `${parts.filter(Boolean).join(", ")}${cost.device ? ` on ${cost.device}` : ""}`;
}

// Picks. A file shows the commands for them; a served page sends them.

function pick(number, { asset = current(), isUndo = false } = {}) {
  if (!asset || picked.get(asset.name) === number) return;
  if (asset.fixed) return showMessage(withoutChoice(asset));
  if (!isUndo) undone.push([asset.name, picked.get(asset.name)]);
  picked.set(asset.name, number);
  mark();
  reveal();
  showMessage(number ? `${asset.name}: candidate ${number} is picked` : `${asset.name}: no candidate is picked`);
  if (facts.served) send("pick", { asset: asset.name, number });
}

function undo() {
  const last = undone.pop();
  if (last) pick(last[1], { asset: facts.assets[locate(last[0])], isUndo: true });
  else showMessage("There is nothing to undo.");
}

function drawTray(title, text) {
  const changed = facts.served ? [] : facts.assets.filter((asset) => picked.get(asset.name) !== asset.picked);
  const picks = changed.map((asset) => [asset.name, picked.get(asset.name) ?? "--undo"]);
  const lines = picks.length > 1 ? [...picks.map((each) => command("pick", facts.place, ...each, "--no-build")), command("build", facts.place, ...facts.options)]
    : picks.map((each) => command("pick", facts.place, ...each, ...facts.options));
  byId("tray").hidden = !(lines.length || text || (facts.served && undone.length));
  byId("tray-title").textContent = title ?? (facts.served ? `${undone.length} changed` : `${lines.length > 1 ? `${picks.length} picks` : "1 pick"}: run this to apply ${lines.length > 1 ? "them" : "it"}`);
  byId("commands").textContent = text ?? lines.join("\n");
  byId("commands").hidden = byId("copy").hidden = !byId("commands").textContent;
  byId("undo").hidden = !undone.length;
  document.body.style.setProperty("--tray", `${byId("tray").offsetHeight}px`);
}

function showMessage(text, bad = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("bad", bad);
  clearTimeout(showMessage.timer);
  showMessage.timer = setTimeout(() => { byId("status").textContent = ""; }, bad ? 12000 : 4000);
}

async function copy(node, button) {
  getSelection().selectAllChildren(node);
  const done = document.execCommand("copy") || await navigator.clipboard?.writeText(node.textContent).then(() => true, () => false);
  if (!done) return;
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, 1500);
}

function edit() {
  const asset = current();
  if (asset.fixed && !asset.prompt) return showMessage(`${asset.name} has no prompt.`);
  byId("edit-title").textContent = `Prompt of ${asset.name}`;
  byId("edit-where").textContent = asset.where || "the pack";
  byId("edit-prompt").value = asset.prompt;
  byId("edit-next").textContent = facts.served ? "Save the pack, then press r: new candidates are made." : "Save the pack, then run `assetgen review` again.";
  drawLine();
  byId("edit").showModal();
}

const drawLine = () => { byId("edit-line").textContent = `prompt: ${JSON.stringify(byId("edit-prompt").value)}`; };

function more() {
  const asset = current(), last = asset.candidates.at(-1)?.number ?? 0;
  if (asset.fixed) return showMessage(withoutChoice(asset));
  if (facts.served) return send("more", { asset: asset.name });
  return drawTray(`More candidates of ${asset.name}`, command("review", facts.place, "--only", asset.name, "-n", Math.min(64, last + 12), ...facts.options));
}

// Navigation.

function moveTo(index, number) {
  const asset = facts.assets[index];
  if (!asset) return;
  const left = at.asset;
  at = { asset: index, number: asset.candidates.some((each) => each.number === number) ? number : asset.candidates[0]?.number };
  const place = () => byId(`asset-${index}`)?.getBoundingClientRect().top ?? 0;
  const before = place();
  mark([left, index]);
  scrollBy({ top: place() - before, behavior: "instant" }); // on a narrow screen the stage moves
  document.querySelector(".candidate.at")?.focus({ preventScroll: true });
  reveal();
}

const reveal = () => (document.querySelector(".candidate.at") ?? byId(`asset-${at.asset}`))?.scrollIntoView({ block: "nearest" });

function beside(step) {
  const all = current().candidates;
  moveTo(at.asset, all[Math.max(0, Math.min(all.length - 1, all.findIndex((each) => each.number === at.number) + step))]?.number);
}

function below(step) {
  const place = current().candidates.findIndex((each) => each.number === at.number);
  const index = shown[Math.max(0, Math.min(shown.length - 1, shown.indexOf(at.asset) + step))];
  const all = facts.assets[index].candidates;
  moveTo(index, all[Math.min(Math.max(0, place), all.length - 1)]?.number);
}

function choose(kind, all, value) {
  document.body.dataset[kind] = value;
  for (const button of byId(`${kind}s`).children) button.setAttribute("aria-pressed", button.dataset[kind] === value);
  if (kind === "view") draw();
}
const next = (kind, all) => choose(kind, all, all[(all.indexOf(document.body.dataset[kind]) + 1) % all.length]);

const keys = {
  ArrowLeft: () => beside(-1), ArrowRight: () => beside(1), ArrowUp: () => below(-1), ArrowDown: () => below(1),
  Enter: () => chosen() && pick(chosen().number),
  u: undo, r: more, e: edit,
  p: () => onStage()?.animation && togglePlaying(), o: () => onStage()?.animation && toggleOnion(),
  ",": () => onStage()?.animation && stepFrame(-1), ".": () => onStage()?.animation && stepFrame(1),
  b: () => next("ground", GROUNDS), v: () => next("view", VIEWS),
  "/": () => byId("search").focus(), "?": () => byId("help").showModal(),
};

function pickNumbered(number) {
  if (current().fixed) return showMessage(withoutChoice(current()));
  if (!current().candidates.some((each) => each.number === number)) return showMessage(`${current().name} has no candidate ${number}.`);
  moveTo(at.asset, number);
  return pick(number);
}

document.addEventListener("keydown", (event) => {
  if (event.target === byId("search") && (event.key === "Escape" || event.key === "Enter" || event.key === "ArrowDown")) {
    event.preventDefault();
    event.target.blur();
    return moveTo(at.asset, at.number);
  }
  const isTyping = event.target.matches("input, textarea") || document.querySelector("dialog[open]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const act = /^[1-9]$/.test(event.key) ? () => pickNumbered(Number(event.key)) : keys[event.key];
  const isOtherButton = event.key === "Enter" && event.target.matches("button:not(.candidate)");
  if (!act || isOtherButton || (!current() && !"/?bv".includes(event.key))) return undefined;
  event.preventDefault();
  return act();
});

byId("search").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/);
  shown = facts.assets.flatMap((asset, index) =>
    words.every((word) => `${asset.name} ${asset.prompt} ${asset.preset}`.toLowerCase().includes(word)) ? [index] : []);
  if (!shown.includes(at.asset)) at = { asset: shown[0] ?? -1, number: facts.assets[shown[0]]?.candidates[0]?.number };
  draw();
});
for (const button of byId("grounds").children) button.addEventListener("click", () => choose("ground", GROUNDS, button.dataset.ground));
for (const button of byId("views").children) button.addEventListener("click", () => choose("view", VIEWS, button.dataset.view));
byId("help-button").addEventListener("click", keys["?"]);
byId("undo").addEventListener("click", undo);
byId("copy").addEventListener("click", () => copy(byId("commands"), byId("copy")));
byId("edit-prompt").addEventListener("input", drawLine);
byId("edit-copy").addEventListener("click", () => copy(byId("edit-line"), byId("edit-copy")));
narrow.addEventListener("change", draw);

byId("pack").textContent = facts.pack;
choose("ground", GROUNDS, document.body.dataset.ground);
choose("view", VIEWS, document.body.dataset.view);
if (facts.served) { showBusy(facts.busy); receiveUpdates(); }
