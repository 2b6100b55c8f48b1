"use strict";
// Animations. It precedes page.js in one script. A film shows one frame of a sheet; all films of the page follow one clock, so that candidates play together.

const HOLD = 1000; // ms: how long the last frame of an animation that plays once stays before it plays again
const clock = { at: 0, now: performance.now(), paused: matchMedia("(prefers-reduced-motion: reduce)").matches, tag: "", member: "", onion: false, runs: 0 };

/** What the stage shows: the selected candidate, or the selected animation of an atlas. */
const onStage = () => chosen()?.animations?.find(({ name }) => name === clock.member) ?? chosen();
const tagOf = ({ animation }) => animation.tags.find((tag) => tag.name === clock.tag) ?? animation.tags[0];
const timesOf = (candidate) => candidate.animation.durations.slice(tagOf(candidate).first, tagOf(candidate).last + 1);
const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);

/** The index, within its tag, of the frame that a candidate shows now. */
function frameNow(candidate) {
  const times = timesOf(candidate), length = sum(times);
  let left = clock.at % (length + (tagOf(candidate).loop ? 0 : HOLD));
  const index = times.findIndex((time) => (left -= time) < 0);
  return index < 0 ? times.length - 1 : index;
}

/** An element of the size of one frame. With `onion`, its neighbours shine through the empty pixels. */
function filmOf(candidate, [width, height], alt, onion = false) {
  const { src, columns, rows } = candidate.animation;
  const layers = (onion ? [-1, 1, 0] : [0]).map((offset) => {
    const layer = make("span", { class: offset ? "neighbour" : "" });
    Object.assign(layer.style, { backgroundImage: `url("${src}")`, backgroundSize: `${columns * width}px ${rows * height}px` });
    return Object.assign(layer, { offset });
  });
  const film = make("span", { class: "film", role: "img", "aria-label": alt || null, "aria-hidden": alt ? null : "true" }, ...layers);
  Object.assign(film.style, { width: `${width}px`, height: `${height}px` });
  if (!clock.runs) Object.assign(clock, { now: performance.now(), runs: requestAnimationFrame(run) });
  return expose(Object.assign(film, { candidate, size: [width, height] }));
}

function expose(film) {
  const { candidate, size: [width, height] } = film;
  const { first, last, loop } = tagOf(candidate), count = last - first + 1, now = frameNow(candidate);
  for (const layer of film.children) {
    const index = now + layer.offset, isThere = loop || (index >= 0 && index < count);
    const frame = first + (index + count) % count, { columns } = candidate.animation;
    layer.hidden = !isThere || (layer.offset !== 0 && count === 1);
    layer.style.backgroundPosition = `${-(frame % columns) * width}px ${-Math.floor(frame / columns) * height}px`;
  }
  return film;
}

function exposeAll() {
  for (const film of document.getElementsByClassName("film")) expose(film);
  const candidate = onStage(), controls = byId("playback");
  if (!controls || !candidate?.animation) return;
  const { name, first, last } = tagOf(candidate), index = frameNow(candidate);
  for (const button of controls.querySelectorAll("[data-tag]")) button.setAttribute("aria-pressed", button.dataset.tag === name);
  byId("play").textContent = clock.paused ? "Play" : "Pause";
  byId("onion").setAttribute("aria-pressed", clock.onion);
  byId("frame").textContent = `${index + 1} of ${last - first + 1} · ${candidate.animation.durations[first + index]} ms`;
}

function run(now) {
  if (!clock.paused) {
    clock.at += now - clock.now;
    exposeAll();
  }
  clock.now = now;
  requestAnimationFrame(run);
}

function playTag(name) {
  Object.assign(clock, { tag: name, at: 0 });
  exposeAll();
}

function togglePlaying() {
  clock.paused = !clock.paused;
  exposeAll();
}

/** Stop, and show the next (1) or previous (-1) frame. */
function stepFrame(by) {
  const times = timesOf(onStage()), next = (frameNow(onStage()) + by + times.length) % times.length;
  Object.assign(clock, { paused: true, at: sum(times.slice(0, next)) });
  exposeAll();
}

function toggleOnion() {
  clock.onion = !clock.onion;
  drawStage();
  byId("onion").focus({ preventScroll: true });
}

/** The buttons below the enlarged candidate; null for a still. */
function playback({ animation }) {
  if (!animation) return null;
  const button = (text, onclick, attributes) => make("button", { text, onclick, ...attributes });
  const tags = animation.tags.map(({ name, loop }) => button(loop ? name : `${name}, once`, () => playTag(name), { "data-tag": name }));
  return make("div", { id: "playback", role: "group", "aria-label": "Animation" },
    tags.length > 1 && make("div", { class: "tags" }, ...tags),
    button("‹", () => stepFrame(-1), { "aria-label": "Previous frame", "aria-keyshortcuts": "," }),
    button("", togglePlaying, { id: "play", "aria-keyshortcuts": "p" }),
    button("›", () => stepFrame(1), { "aria-label": "Next frame", "aria-keyshortcuts": "." }),
    button("Onion skin", toggleOnion, { id: "onion", "aria-keyshortcuts": "o" }),
    make("small", { id: "frame" }));
}

/** Show an animation of an atlas instead of its image; "" shows the image. */
function playMember(name) {
  Object.assign(clock, { member: name, at: 0 });
  drawStage();
  byId("members").querySelector("[aria-pressed=true]").focus({ preventScroll: true });
}

/** The buttons that select an animation of an atlas; null for anything else. */
function members({ animations, unplayed }) {
  if (!animations) return null;
  const button = (text, name) => make("button", { text, onclick: () => playMember(name), "aria-pressed": (onStage().name ?? "") === name });
  return make("div", { id: "members", role: "group", "aria-label": "Animations of the atlas" },
    button("Whole atlas", ""), ...animations.map(({ name }) => button(name, name)), unplayed && make("small", { text: `and ${unplayed} more, which play in their own assets` }));
}
