// Runs the window peer with some of its text changed: `node mutate.mjs CHANGES`, JSON pairs [old, new].
//
// It decides nothing about what is broken: `mutants.toml` does, and `launch.py` hands it over. The
// sources are changed in memory alone. The rule that must stay true: every old text stands in the peer
// exactly once, or nothing is started; a mutant that is a right connector by accident proves nothing.

import fs from "node:fs";

const read = (name) => fs.readFileSync(new URL(`../peers/${name}`, import.meta.url), "utf8");
const module = (source) => `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`;

let sources = [read("window_kuma.mjs"), read("window.mjs")];
for (const [old, fresh] of JSON.parse(process.argv[2])) {
  const places = sources.reduce((count, source) => count + source.split(old).length - 1, 0);
  if (places !== 1) throw new Error(`${places} places, where one was expected, for: ${old}`);
  sources = sources.map((source) => source.replace(old, () => fresh));
}

const [kuma, peer] = sources;
await import(module(peer.replace('"./window_kuma.mjs"', JSON.stringify(module(kuma)))));
