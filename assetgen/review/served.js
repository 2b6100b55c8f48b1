
// What only a served page has: what it sends, and the news that it hears. It follows page.js in one script.

async function send(what, wish) {
  try {
    const answer = await fetch(what, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wish) });
    const said = await answer.json();
    if (said.error) refused(said.error, wish);
  } catch {
    refused("The review has ended: nothing was changed. Start it again, and load this page anew.", wish);
  }
}

function refused(words, wish) {
  say(words, true);
  if ("number" in wish) picked.set(wish.asset, facts.assets[locate(wish.asset)].picked);
  mark();
}

async function listen() {
  let version = facts.version;
  for (;;) {
    let heard;
    try {
      heard = await (await fetch(`news?after=${version}`)).json();
    } catch {
      heard = { closed: true, news: [], busy: "" };
    }
    version = heard.version;
    for (const each of heard.news) hear(each);
    for (const name of new Set(heard.news.map((each) => (each.candidate || each.new?.candidates) && each.asset))) redraw(locate(name));
    if (heard.news.length) mark();
    beBusy(heard.busy);
    if (heard.closed) return say("The review has ended. Start it again, and load this page anew.", true);
  }
}

function hear(each) {
  if (each.said) return say(each.said, each.bad);
  const asset = facts.assets[locate(each.asset)];
  Object.assign(asset, each.new);
  if ("picked" in each.new) picked.set(asset.name, asset.picked);
  if (each.candidate) asset.candidates = [...asset.candidates.filter((one) => one.number !== each.candidate.number), each.candidate].sort((a, b) => a.number - b.number);
  if (asset === current() && !chosen()) at.number = asset.candidates[0]?.number;
  return undefined;
}

function beBusy(words) {
  byId("busy").hidden = !words;
  byId("busy").textContent = words;
}
