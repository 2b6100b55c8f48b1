
// Only in a served page: sends picks and receives updates. It follows page.js in one script.

async function send(path, body) {
  try {
    const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const { error } = await response.json();
    if (error) failed(error, body);
  } catch {
    failed("The review has ended: nothing was changed. Start it again, and reload this page.", body);
  }
}

function failed(message, body) {
  showMessage(message, true);
  if ("number" in body) picked.set(body.asset, facts.assets[locate(body.asset)].picked);
  mark();
}

async function receiveUpdates() {
  let version = facts.version;
  for (;;) {
    let received;
    try {
      received = await (await fetch(`updates?after=${version}`)).json();
    } catch {
      received = { closed: true, updates: [], busy: "" };
    }
    version = received.version;
    for (const update of received.updates) apply(update);
    for (const name of new Set(received.updates.map((each) => (each.candidate || each.new?.candidates) && each.asset))) redraw(locate(name));
    if (received.updates.length) mark();
    showBusy(received.busy);
    if (received.closed) return showMessage("The review has ended. Start it again, and reload this page.", true);
  }
}

function apply(update) {
  if (update.message) return showMessage(update.message, update.is_error);
  const asset = facts.assets[locate(update.asset)];
  Object.assign(asset, update.new);
  if ("picked" in update.new) picked.set(asset.name, asset.picked);
  if (update.candidate) asset.candidates = [...asset.candidates.filter((one) => one.number !== update.candidate.number), update.candidate].sort((a, b) => a.number - b.number);
  if (asset === current() && !chosen()) at.number = asset.candidates[0]?.number;
  return undefined;
}

function showBusy(text) {
  byId("busy").hidden = !text;
  byId("busy").textContent = text;
}
