// An adapter for kuma-harness, without packages. It works; put yours where `connector` is.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import readline from 'node:readline';

class Refused extends Error {
  constructor(message, status = null) {
    super(message);
    this.data = { retryable: status === null || status === 429 || status >= 500, http_status: status };
  }
}

let kuma, ca, seconds, file, held, quiet = 0;

function ask(method, where, body) {
  return new Promise((resolve, reject) => {
    const url = `${kuma.url}/api/v1/${where}`;
    const headers = { Authorization: `Bearer ${kuma.token}`, 'Content-Type': 'application/json' };
    const options = { method, ca, headers, timeout: seconds * 1000, agent: false };
    const fail = (error) => reject(error instanceof Refused ? error : new Refused(`KUMA gave no answer: ${error.code}`));
    if (Date.now() < quiet) return fail(new Refused('KUMA asked for silence', 429));
    const request = (url.startsWith('https') ? https : http).request(url, options, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part)).on('error', fail).on('end', () => {
        quiet = Date.now() + 1000 * (Number(response.headers['retry-after']) || 0);
        if (response.statusCode >= 300) return fail(new Refused(`KUMA answered ${response.statusCode}`, response.statusCode));
        const text = Buffer.concat(parts).toString('utf8');
        try { resolve(text ? JSON.parse(text) : null); } catch { fail(new Refused('KUMA answered what is not JSON')); }
      });
    });
    const late = setTimeout(() => request.destroy(new Refused('KUMA gave no answer in time')), seconds * 1000);
    request.on('error', fail).on('close', () => clearTimeout(late));
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function save() { // a kill leaves the old file or the new one
  fs.writeFileSync(`${file}.new`, JSON.stringify(held));
  fs.renameSync(`${file}.new`, file);
}

function keep(row) {
  held[row.id] ??= {
    id: `INC-${row.id}`, alert_id: row.id, status: 'open', name: row.name, priority: row.priority,
    first_seen: row.firstSeen, last_seen: row.lastSeen, event_ids: (row.events ?? []).map((event) => event.ID),
  };
}

const connector = { // replace these functions by calls of your connector
  configure(params) {
    kuma = params.kuma;
    ca = kuma.ca_file ? fs.readFileSync(kuma.ca_file) : undefined;
    seconds = params.deadline_seconds / 6;
    file = path.join(params.state_dir, 'incidents.json');
    held = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  },
  async poll() {
    const before = Object.keys(held).length, seen = new Set();
    for (let grew = true; grew;) { // a list that moves under a pass is read again
      grew = false;
      for (let page = 1, rows = { length: 250 }; rows.length >= 250; page += 1) {
        rows = await ask('GET', `alerts?withEvents&status=new&page=${page}`);
        if (!Array.isArray(rows)) throw new Refused('KUMA answered what is no list');
        for (const row of rows) { grew ||= !seen.has(row.id); seen.add(row.id); keep(row); }
      }
    }
    save();
    return { created: Object.keys(held).length - before, updated: 0 };
  },
  incidents: () => ({ incidents: Object.values(held) }),
  async close({ alert_id: id, reason }) {
    await ask('POST', 'alerts/close', { id, reason }).catch(async (error) => {
      const [alert] = await ask('GET', `alerts?id=${id}`);
      if (alert?.status !== 'closed') throw error; // it may be closed there already
    });
    held[id].status = 'closed';
    save();
  },
  hello: () => ({ protocol: 1, name: 'kit in JavaScript', version: '1', features: ['events', 'close', 'persist'] }),
  shutdown: () => ({}),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  const answer = { jsonrpc: '2.0', id };
  try {
    if (Object.hasOwn(connector, method)) answer.result = (await connector[method](params ?? {})) ?? {};
    else answer.error = { code: -32601, message: `${method} is not known` };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    answer.error = { code: 1, message: error.message, data: error.data };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  if (method === 'shutdown') break;
}
