// The wallboard: asks every second what has changed, and changes only that, so that focus and screen readers are left alone.
"use strict";

const status = document.getElementById("connection");
const EVERY_MS = 1000;
const rows = new Map();
const STATES = { machine: "with the assistant", ringing: "an advisor's telephone rings", waiting: "waiting for a person", advisor: "with an advisor" };

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function row(call) {
  if (rows.has(call.id)) return rows.get(call.id);
  const made = document.createElement("tr");
  for (const name of ["caller", "language", "state", "tone", "seconds", "last"]) {
    const cell = document.createElement(name === "caller" ? "th" : "td");
    if (name === "caller") cell.scope = "row";
    if (name === "seconds") cell.className = "number";
    made.append(cell);
  }
  if (status.dataset.role === "supervisor") {
    const link = document.createElement("a");
    link.href = status.dataset.call + "/" + encodeURIComponent(call.id);
    made.cells[0].append(link);
  }
  document.getElementById("calls").append(made);
  rows.set(call.id, made);
  return made;
}

function showCall(call, now, upsetFrom) {
  const cells = row(call).cells;
  put(cells[0].firstElementChild || cells[0], call.caller);
  put(cells[1], call.language);
  put(cells[2], STATES[call.state] + (call.reason ? ": " + call.reason : ""));
  cells[2].className = call.state;
  put(cells[3], call.upset === null ? "" : call.upset >= upsetFrom ? "upset" : "calm");
  cells[3].className = call.upset >= upsetFrom ? "upset" : "";
  put(cells[4], String(Math.max(0, Math.round(now - call.since))));
  put(cells[5], call.last);
}

function showList(id, items) {
  const list = document.getElementById(id);
  const wanted = items.map((item) => item.join("\u0000")).join("\u0001");
  if (list.dataset.shown === wanted) return;
  list.dataset.shown = wanted;
  list.replaceChildren(...items.map((parts) => {
    const item = document.createElement("li");
    item.textContent = parts.filter(Boolean).join(" · ");
    return item;
  }));
}

function show(now) {
  const going = new Set(now.calls.map((call) => call.id));
  for (const [id, element] of rows) {
    if (!going.has(id)) { element.remove(); rows.delete(id); }
  }
  now.calls.forEach((call) => showCall(call, now.at, now.upset_from));
  document.getElementById("no-calls").hidden = now.calls.length > 0;
  const outcomes = now.today.outcomes;
  put(document.getElementById("figure-now"), String(now.calls.length));
  put(document.getElementById("figure-waiting"), String(now.calls.filter((call) => call.state === "waiting" || call.state === "ringing").length));
  put(document.getElementById("figure-calls"), String(now.today.calls));
  put(document.getElementById("figure-served"), String(outcomes.served || 0));
  put(document.getElementById("figure-transferred"), String(outcomes.transferred || 0));
  put(document.getElementById("figure-later"), String((outcomes.callback || 0) + (outcomes.voicemail || 0)));
  const at = (seconds, how) => new Date(seconds * 1000).toLocaleString([], { timeZone: status.dataset.zone, ...how });
  const clock = (seconds) => at(seconds, { dateStyle: "short", timeStyle: "short" });
  const words = { broken: "promise broken", due: "due now", later: "later" };
  put(document.getElementById("figure-due"), String(now.callbacks.filter((each) => each.state !== "later").length));
  document.getElementById("no-callbacks").hidden = now.callbacks.length > 0;
  showList("callbacks", now.callbacks.map((each) => [words[each.state], each.number, each.team, clock(each.from) + " to " + clock(each.until)]));
  put(document.getElementById("impaired"), now.impaired.join(" · "));
  document.getElementById("impaired").hidden = now.impaired.length === 0;
  const version = now.version;
  put(document.getElementById("refused"), version.refused);
  document.getElementById("refused").hidden = !version.refused;
  put(document.getElementById("version"), version.number === null ? "" :
    "Version " + version.number + " of the files, by " + version.who + ", " + clock(version.at));
  showList("reasons", now.today.reasons.map(([reason, count]) => [String(count), reason]));
  showList("troubles", now.troubles.map((each) => [at(each.at, { timeStyle: "medium" }), each.what, each.why]));
}

async function look() {
  try {
    const answer = await fetch(status.dataset.now, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(5000) });
    if (answer.status === 401) { location.reload(); return; }
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
    status.className = "quiet";
    put(status, "Live");
  } catch (error) {
    status.className = "lost";
    put(status, "The connection is lost. What you see may be old; trying again.");
  }
  setTimeout(look, EVERY_MS);
}

look();
