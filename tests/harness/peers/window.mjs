// A right connector on plain Node.js: windows of lastSeen over all statuses, API v3, JSON state.
//
// It decides: KUMA lists newest first and nothing but the page size tells that more follows, so a
// sweep walks down by `to`: after a full page, the next one ends at the second in which that page
// ended. A second that fills a page alone is read by page number until a pass finds nothing new.
// What a sweep did not touch is asked for by id, because status, assignee and priority do not move
// lastSeen. It does not know how late an alert may appear: OVERLAP_MS is as far as it looks back.
//
// The rule that must stay true: a page is on disk before the next is asked for, and the mark moves
// only after the whole window was read.

import fs from "node:fs";
import path from "node:path";

import { AnswerError, Kuma } from "./window_kuma.mjs";

const PAGE = 250;
const IDS_A_REQUEST = 50;
const OVERLAP_MS = 24 * 3600 * 1000;
const CLOCK_SLACK_MS = 3600 * 1000; // KUMA's clock and ours may differ
const SHARE = 0.7; // of the deadline for KUMA; the rest is for saying what happened
const REASONS = {
  "true positive": "responded",
  contained: "responded",
  "false positive": "incorrect data",
  "bad rule": "incorrect correlation rule",
};
const FEATURES = ["events", "update", "close", "mirror", "edit", "persist", "affected"];

/** Incidents, mark and silence of one state folder; `save` is atomic. */
class State {
  constructor(folder) {
    this.file = path.join(folder, "window.json");
    const kept = fs.existsSync(this.file) ? JSON.parse(fs.readFileSync(this.file, "utf8")) : {};
    this.mark = kept.mark ?? null;
    this.silentUntil = kept.silentUntil ?? 0;
    this.incidents = new Map(kept.incidents ?? []);
  }

  save() {
    const { mark, silentUntil } = this;
    const fresh = `${this.file}.new`;
    const file = fs.openSync(fresh, "w", 0o600);
    fs.writeFileSync(file, JSON.stringify({ mark, silentUntil, incidents: [...this.incidents] }));
    fs.fsyncSync(file);
    fs.closeSync(file);
    fs.renameSync(fresh, this.file);
  }

  /** Makes or updates the incident of one alert; says which, or null where nothing changed. */
  receive(alert) {
    const former = this.incidents.get(alert.id);
    const incident = merge(former ?? { id: `SOAR-${this.incidents.size + 1}` }, alert);
    if (JSON.stringify(incident) === JSON.stringify(former)) return null;
    this.incidents.set(alert.id, incident);
    return former ? "updated" : "created";
  }
}

/** Whether an incident can be made of it; one that cannot must not take its neighbours with it. */
function isWhole(alert) {
  return [alert?.id, alert?.firstSeen, alert?.lastSeen].every((value) => typeof value === "string");
}

/** The incident after this reading: KUMA's newest fields, all events ever, the analyst's own words. */
function merge(former, alert) {
  const closed = former.status === "closed" || alert.status === "closed";
  const events = (alert.events ?? []).map((event) => event?.ID).filter(Boolean);
  return {
    id: former.id,
    alert_id: alert.id,
    status: closed ? "closed" : "open",
    name: alert.name ?? "",
    priority: alert.priority ?? "",
    first_seen: alert.firstSeen ?? "",
    last_seen: alert.lastSeen ?? "",
    event_ids: [...new Set([...(former.event_ids ?? []), ...events])],
    tenant_id: alert.tenantID ?? "",
    assignee: alert.assignee ?? "",
    overflow: Boolean(alert.overflow),
    kuma_status: closed ? "closed" : alert.status,
    close_reason: alert.closingReason || former.close_reason || "",
    assets: (alert.affectedAssets ?? []).map((asset) => asset.id),
    accounts: (alert.affectedAccounts ?? []).map((account) => account.displayName),
    owner: former.owner ?? "",
    notes: former.notes ?? "",
  };
}

/** The query of one window; an edge in ms, the upper one Infinity where the newest are wanted. */
function period(from, to) {
  const pairs = [["timestampField", "lastSeen"], ["from", new Date(from).toISOString()]];
  return to === Infinity ? pairs : [...pairs, ["to", new Date(to).toISOString()]];
}

/** Reads everything last seen since `from`; the newest lastSeen in ms, -Infinity where nothing is. */
async function sweep({ from, list, take }) {
  let to = Infinity;
  let newest = -Infinity;
  while (from <= to) {
    const alerts = await list(period(from, to));
    take(alerts);
    const times = alerts.map((alert) => Date.parse(alert?.lastSeen)).filter(Number.isFinite);
    newest = Math.max(newest, ...times);
    if (alerts.length < PAGE) break;
    // KUMA prints whole seconds and keeps finer ones: the edge is the end of the second.
    const second = Math.floor(Math.min(...times) / 1000) * 1000;
    if (second + 999 < to) {
      to = second + 999;
    } else {
      await fullSecond({ second, list, take });
      to = second - 1;
    }
  }
  return newest;
}

/** Reads one second by page number, again until a pass finds no alert that was not seen. */
async function fullSecond({ second, list, take }) {
  const seen = new Set();
  for (let before = -1; before < seen.size; ) {
    before = seen.size;
    for (let page = 1, full = true; full; page += 1) {
      const alerts = await list([...period(second, second + 999), ["page", page]]);
      take(alerts);
      for (const alert of alerts) seen.add(alert?.id);
      full = alerts.length >= PAGE;
    }
  }
}

class Connector {
  constructor({ kuma, state_dir, lookback_seconds, deadline_seconds }) {
    const state = new State(state_dir);
    const set = (ms) => {
      state.silentUntil = ms;
      state.save();
    };
    this.state = state;
    this.kuma = new Kuma(kuma, { get: () => state.silentUntil, set });
    this.lookbackMs = lookback_seconds * 1000;
    this.budgetMs = deadline_seconds * SHARE * 1000;
  }

  async poll() {
    const until = Date.now() + this.budgetMs;
    const changes = new Map();
    const list = (pairs) => this.kuma.list(pairs, until);
    const take = (alerts) => {
      for (const alert of alerts.filter(isWhole)) {
        const change = this.state.receive(alert);
        changes.set(alert.id, changes.get(alert.id) ?? change);
      }
      if (alerts.length > 0) this.state.save();
    };
    const newest = await sweep({ from: this.from(), list, take });
    const untouched = [...this.state.incidents.values()]
      .filter((incident) => incident.status === "open" && !changes.has(incident.alert_id))
      .map((incident) => ["id", incident.alert_id]);
    while (untouched.length > 0) take(await list(untouched.splice(0, IDS_A_REQUEST)));
    if (newest > (this.state.mark ?? -Infinity)) {
      this.state.mark = newest;
      this.state.save();
    }
    const count = (kind) => [...changes.values()].filter((change) => change === kind).length;
    return { created: count("created"), updated: count("updated") };
  }

  /** Where the window begins: an alert dated ahead of our clock must not carry it along. */
  from() {
    const { mark } = this.state;
    if (mark === null) return Date.now() - this.lookbackMs - CLOCK_SLACK_MS;
    return Math.min(mark, Date.now()) - OVERLAP_MS;
  }

  incident(alert_id) {
    const incident = this.state.incidents.get(alert_id);
    if (!incident) throw new AnswerError(`no incident of alert ${alert_id}`, { code: -32602 });
    return incident;
  }

  /** Closes the alert first and the incident after; an alert closed by another keeps its reason. */
  async close({ alert_id, reason }) {
    const incident = this.incident(alert_id);
    if (!Object.hasOwn(REASONS, reason)) {
      throw new AnswerError(`no reason ${reason}`, { code: -32602 });
    }
    if (incident.status === "closed") return {};
    const until = Date.now() + this.budgetMs;
    if (await this.kuma.close(alert_id, REASONS[reason], until)) {
      incident.close_reason = REASONS[reason];
    } else {
      for (const alert of await this.kuma.list([["id", alert_id]], until)) this.state.receive(alert);
    }
    Object.assign(this.incident(alert_id), { status: "closed", kuma_status: "closed" });
    this.state.save();
    return {};
  }

  edit({ alert_id, fields: { owner, notes } }) {
    const incident = this.incident(alert_id);
    Object.assign(incident, { owner: owner ?? incident.owner, notes: notes ?? incident.notes });
    this.state.save();
    return {};
  }

  incidents() {
    return { incidents: [...this.state.incidents.values()] };
  }
}

let connector = null;

async function call({ method, params }) {
  const hello = { protocol: 1, name: "window", version: "1", features: FEATURES, reasons: REASONS };
  if (method === "hello") return hello;
  if (method === "configure") connector = new Connector(params);
  if (method === "configure" || method === "shutdown") return {};
  if (!["poll", "incidents", "close", "edit"].includes(method)) {
    throw new AnswerError(`no method ${method}`, { code: -32601 });
  }
  if (!connector) throw new AnswerError("configure comes first", { code: -32600 });
  return connector[method](params ?? {});
}

async function answer(line) {
  const request = JSON.parse(line);
  const reply = { jsonrpc: "2.0", id: request.id };
  try {
    reply.result = await call(request);
  } catch (error) {
    reply.error = error.answer ?? { code: -32603, message: `${error.name}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
  if (request.method === "shutdown") process.exit(0);
}

// Split at \n alone: node:readline also splits at U+2028, which may stand in a JSON string.
let rest = Buffer.alloc(0);
for await (const chunk of process.stdin) {
  rest = Buffer.concat([rest, chunk]);
  for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
    const line = rest.subarray(0, end).toString("utf8");
    rest = rest.subarray(end + 1);
    await answer(line);
  }
}
