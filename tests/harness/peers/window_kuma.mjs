// KUMA's API v3 as the window connector speaks it: one exchange, its limits, and when to try again.
//
// It decides what an answer is: whole, JSON, of a documented status. It knows no incident.
// The rule that must stay true: the token goes to the configured address alone, over a verified
// connection, and into no message.

import fs from "node:fs";
import http from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

const TRIES = 3;
const LONGEST_SILENCE_MS = 24 * 3600 * 1000;

/** Becomes the error of an answer; code 1 is KUMA's trouble, the others are the standard ones. */
export class AnswerError extends Error {
  constructor(message, { code = 1, ...data }) {
    super(message);
    this.answer = { code, message, data };
  }
}

/** One exchange: no redirect followed, the certificate verified, the answer whole or an error. */
function exchange(url, { method, target, headers, body, ca, ms }) {
  const library = url.protocol === "https:" ? https : http;
  const place = { host: url.hostname.replace(/[[\]]/g, ""), port: url.port, agent: false };
  const tls = { ca, rejectUnauthorized: true };
  return new Promise((resolve, reject) => {
    const request = library.request({ ...place, ...tls, method, path: target, headers });
    // One timer for connecting, headers and body: a server that trickles does not start it anew.
    const timer = setTimeout(() => request.destroy(new Error("no answer in time")), Math.max(ms, 1));
    request.on("close", () => clearTimeout(timer));
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("close", () => {
        const { statusCode: status, complete } = response;
        if (!complete) reject(new Error("the answer ends too early"));
        resolve({ status, wait: waitOf(response.headers), bytes: Buffer.concat(chunks) });
      });
    });
    request.end(body);
  });
}

/** Milliseconds that a Retry-After asks for, in either of its forms. */
function waitOf(headers) {
  const asked = headers["retry-after"] ?? "";
  const ms = /^\d+$/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - Date.now();
  return ms > 0 ? Math.min(ms, LONGEST_SILENCE_MS) : 0;
}

/** The body as JSON; undefined where it is none, which no caller takes for an answer. */
function decoded(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** One KUMA address and token. `silence` is where the end of a Retry-After is kept: get() and set(ms). */
export class Kuma {
  constructor({ url, token, ca_file }, silence) {
    this.url = new URL(url);
    this.token = token;
    this.ca = ca_file ? fs.readFileSync(ca_file) : undefined;
    this.silence = silence;
  }

  /** The alerts of one request; pairs are query parameters, `until` is in ms of Date.now(). */
  async list(pairs, until) {
    const query = pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
    const target = `/api/v3/alerts?withEvents=&withAffected=&${query}`;
    const { status, value } = await this.#ask("GET", target, null, until);
    if (status !== 200 || !Array.isArray(value)) {
      throw this.#error("KUMA's answer is not a list of alerts", { retryable: true });
    }
    return value;
  }

  /** Closes the alert; false where it was closed already, so that the reason may be another's. */
  async close(id, reason, until) {
    const body = JSON.stringify({ id, reason });
    const { status, value } = await this.#ask("POST", "/api/v3/alerts/close", body, until);
    if (status === 204) return true;
    const words = value?.message ?? "";
    if (status === 406 && words.toLowerCase() === "alert already closed") return false;
    throw this.#error(`not closed: ${status} ${words}`, { retryable: false, http_status: status });
  }

  #error(text, data) {
    return new AnswerError(this.token ? text.replaceAll(this.token, "***") : text, data);
  }

  /** One request, tried again where that may help and time is left. */
  async #ask(method, target, body, until) {
    for (let attempt = 1; ; attempt += 1) {
      const silence = Math.max(this.silence.get() - Date.now(), 0);
      if (Date.now() + silence > until) {
        const text = `KUMA wants ${Math.ceil(silence / 1000)} s more of silence, or is too slow`;
        throw this.#error(text, { retryable: true });
      }
      await sleep(silence);
      try {
        return await this.#once(method, target, body, until);
      } catch (error) {
        const pause = 250 * 2 ** attempt;
        const late = attempt >= TRIES || Date.now() + pause > until;
        if (late || !error.answer?.data.retryable) throw error;
        await sleep(pause);
      }
    }
  }

  /** One request. An answer of 406 is the caller's to read; every other refusal is an error. */
  async #once(method, target, body, until) {
    const headers = { authorization: `Bearer ${this.token}`, accept: "application/json" };
    if (body) headers["content-type"] = "application/json";
    const ms = until - Date.now();
    const call = { method, target, headers, body, ca: this.ca, ms };
    const answer = await exchange(this.url, call).catch((error) => {
      const retryable = !/CERT|SIGNATURE|ISSUER|ERR_INVALID/.test(error.code ?? "");
      throw this.#error(`${method} ${target}: ${error.message}`, { retryable });
    });
    const { status, wait } = answer;
    if (wait > 0 && (status === 429 || status === 503)) this.silence.set(Date.now() + wait);
    const value = decoded(answer.bytes);
    if (![200, 204, 406].includes(status)) {
      const retryable = status >= 500 || status === 429 || status === 408;
      const text = `${method} ${target}: ${status} ${value?.message ?? ""}`;
      throw this.#error(text, { retryable, http_status: status });
    }
    return { status, value };
  }
}
