"use strict";
const facts = JSON.parse(document.getElementById("facts").textContent);
const picks = new Map(facts.assets.map((asset) => [asset.name, asset.picked]));
const done = []; // picks as they were before each change, for undo
let at = { asset: 0, candidate: 0 };
let shown = facts.assets.map((_, index) => index);

const byId = (id) => document.getElementById(id);

function make(tag, words = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(words)) {
    if (key === "text") node.textContent = value;
    else if (key === "onclick") node.addEventListener("click", value);
    else if (value !== false && value !== null) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter(Boolean));
  return node;
}

const quoted = (word) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
const current = () => facts.assets[at.asset];
const chosen = () => current()?.candidates[at.candidate];
const command = (...words) => ["assetgen", ...words.map(String).map(quoted)].join(" ");

function label(asset, candidate) {
  const failed = candidate.checks.some((check) => !check.passed);
  const flag = picks.get(asset.name) === candidate.number ? "picked" : asset.built === candidate.number ? "built" : "";
  return make("span", { class: "label" },
    make("strong", { text: candidate.number }),
    failed && make("span", { class: "fail", text: "✗ check", title: "A check said no" }),
    flag && make("span", { class: `flag ${flag}`, text: flag }));
}

function draw() {
  byId("assets").replaceChildren(...shown.map(drawAsset));
  byId("count").textContent = `${shown.length} of ${facts.assets.length} assets`;
  drawStage();
  drawTray();
}

function drawAsset(index) {
  const asset = facts.assets[index];
  const buttons = asset.candidates.map((candidate, number) => make("button", {
    class: `candidate${index === at.asset && number === at.candidate ? " at" : ""}`,
    "aria-label": `${asset.name}, candidate ${candidate.number}`,
    onclick: () => { at = { asset: index, candidate: number }; draw(); focusChosen(); },
  }, make("span", { class: "ground" }, make("img", { src: candidate.src, alt: "" })), label(asset, candidate)));
  return make("section", { id: `asset-${index}`, class: index === at.asset ? "current" : "" },
    make("h2", { text: asset.name }),
    make("p", { class: "dim", text: `${asset.prompt} · ${asset.preset} · ${asset.model}` }),
    buttons.length ? make("div", { class: `candidates${asset.pixels ? " pixels" : ""}` }, ...buttons)
      : make("p", { text: "No candidates yet." }));
}

function drawStage() {
  const asset = current(), candidate = chosen();
  if (!candidate) return byId("stage").replaceChildren(make("p", { text: "Nothing to show." }));
  const kind = asset.pixels ? "pixels" : "";
  byId("stage").replaceChildren(
    make("h2", { text: `${asset.name} · ${candidate.number}` }),
    make("div", { class: `ground large ${kind}` }, make("img", { src: candidate.src, alt: `Candidate ${candidate.number}, enlarged` })),
    pickButton(asset, candidate),
    make("h3", { text: "As large as it is" }),
    make("div", { class: `ground real ${kind}` }, make("img", { src: candidate.src, alt: "In its own size" })),
    ...(asset.tiles ? tiled(asset, candidate, kind) : []),
    ...(asset.now ? compare(asset, candidate, kind) : []),
    ...(candidate.maps.length ? [make("h3", { text: "Material" }), maps(candidate)] : []),
    make("h3", { text: "Facts" }), facts_(asset, candidate));
}

function pickButton(asset, candidate) {
  const is = picks.get(asset.name) === candidate.number;
  return make("button", { class: "primary", onclick: () => pick(candidate.number), text: is ? "Picked" : `Pick ${candidate.number}` });
}

function tiled(asset, candidate, kind) {
  const box = make("div", { class: "tiled", role: "img", "aria-label": "Repeated, three by three" });
  box.style.backgroundImage = `url("${candidate.src}")`;
  box.style.aspectRatio = `${candidate.width} / ${candidate.height}`;
  return [make("h3", { text: "Three by three" }), make("div", { class: kind }, box)];
}

function compare(asset, candidate, kind) {
  const after = make("img", { src: candidate.src, alt: "The candidate" });
  const slider = make("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": "In the game now, or this candidate" });
  const move = () => { after.style.clipPath = `inset(0 0 0 ${slider.value}%)`; before.style.clipPath = `inset(0 ${100 - slider.value}% 0 0)`; };
  const before = make("img", { src: asset.now, alt: "In the game now" });
  slider.addEventListener("input", move);
  move();
  return [make("h3", { text: "In the game now | this candidate" }),
    make("div", { class: `compare ${kind}` }, make("div", { class: "ground" }, before, after), slider)];
}

const maps = (candidate) => make("div", { class: "maps" }, ...candidate.maps.map((map) =>
  make("figure", { style: null }, make("img", { src: map.src, alt: `${map.name} map` }), make("figcaption", { text: map.name }))));

function facts_(asset, candidate) {
  const rows = [["Prompt", asset.asked || asset.prompt], ["In the pack", asset.where], ["Seed", candidate.seed ?? "none"],
    ["Size", `${candidate.width} × ${candidate.height}`], ["Sampled in", candidate.seconds ? `${candidate.seconds} s` : "not by a model"]];
  const list = make("dl", {}, ...rows.flatMap(([key, value]) => [make("dt", { text: key }), make("dd", { text: value })]));
  for (const check of candidate.checks) {
    const said = check.passed ? `${check.score}` : `${check.score}: ${check.reason}`;
    list.append(make("dt", { text: `Check ${check.name}` }), make("dd", { class: check.passed ? "pass" : "fail", text: `${check.passed ? "✓" : "✗"} ${said}` }));
  }
  return list;
}

function pick(number) {
  const asset = current();
  if (!asset || picks.get(asset.name) === number) return;
  done.push([asset.name, picks.get(asset.name)]);
  picks.set(asset.name, number);
  draw();
}

function undo() {
  const last = done.pop();
  if (last) picks.set(...last);
  draw();
}

function drawTray(extra) {
  const changed = facts.assets.filter((asset) => picks.get(asset.name) !== asset.picked);
  const lines = changed.map((asset) => picks.get(asset.name) === null ? command("pick", facts.place, asset.name, "--undo")
    : command("pick", facts.place, asset.name, picks.get(asset.name)));
  if (lines.length) lines.push(command("build", facts.place));
  byId("tray").hidden = !(lines.length || extra);
  byId("tray-title").textContent = extra ? "" : `${changed.length} picked`;
  byId("commands").textContent = extra ?? lines.join("\n");
}

function moveTo(asset, candidate) {
  if (!facts.assets[asset]) return;
  const last = facts.assets[asset].candidates.length - 1;
  at = { asset, candidate: Math.max(0, Math.min(candidate, last)) };
  draw();
  focusChosen();
}

function focusChosen() {
  document.querySelector(".candidate.at")?.focus({ preventScroll: true });
  byId(`asset-${at.asset}`)?.scrollIntoView({ block: "nearest" });
}

function ground(name) {
  document.body.dataset.ground = name;
  for (const button of byId("grounds").children) button.setAttribute("aria-pressed", button.dataset.ground === name);
}

const keys = {
  ArrowLeft: () => moveTo(at.asset, at.candidate - 1),
  ArrowRight: () => moveTo(at.asset, at.candidate + 1),
  ArrowUp: () => moveTo(shown[Math.max(0, shown.indexOf(at.asset) - 1)], at.candidate),
  ArrowDown: () => moveTo(shown[Math.min(shown.length - 1, shown.indexOf(at.asset) + 1)], at.candidate),
  Enter: () => chosen() && pick(chosen().number),
  u: undo,
  b: () => { const all = ["dark", "light", "checker"]; ground(all[(all.indexOf(document.body.dataset.ground) + 1) % 3]); },
  r: () => drawTray(command("review", facts.place, "--only", current().name, "-n", current().candidates.length + 12)),
  e: () => drawTray(`${current().where}   prompt: ${current().prompt}`),
  "/": () => byId("search").focus(),
  "?": () => byId("help").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input") || byId("help").open || event.ctrlKey || event.metaKey || event.altKey) {
    if (event.key === "Escape" && event.target === byId("search")) event.target.blur();
    return;
  }
  const onOtherButton = event.key === "Enter" && event.target.matches("button:not(.candidate)");
  const act = /^[1-9]$/.test(event.key) ? () => { moveTo(at.asset, Number(event.key) - 1); keys.Enter(); } : keys[event.key];
  if (!act || onOtherButton || !current()) return;
  event.preventDefault();
  act();
});

byId("search").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/);
  shown = facts.assets.flatMap((asset, index) =>
    words.every((word) => `${asset.name} ${asset.prompt} ${asset.preset}`.toLowerCase().includes(word)) ? [index] : []);
  if (!shown.includes(at.asset)) at = { asset: shown[0] ?? -1, candidate: 0 };
  draw();
});
for (const button of byId("grounds").children) button.addEventListener("click", () => ground(button.dataset.ground));
byId("help-button").addEventListener("click", keys["?"]);
byId("undo").addEventListener("click", undo);
byId("copy").addEventListener("click", () => {
  const range = document.createRange();
  range.selectNodeContents(byId("commands"));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  navigator.clipboard?.writeText(byId("commands").textContent).catch(() => {});
});
byId("pack").textContent = facts.pack;
ground(document.body.dataset.ground);
draw();
