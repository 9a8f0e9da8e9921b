// What a browser has to fetch of JavaScript, gzipped; fails past the bound.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BOUND = 400 * 1024;
const folder = join(process.argv[2] ?? "../src/stateroom/console", "assets");
let total = 0;
for (const name of readdirSync(folder).filter((file) => file.endsWith(".js"))) {
  const size = gzipSync(readFileSync(join(folder, name)), { level: 9 }).length;
  total += size;
  console.log(`${(size / 1024).toFixed(1).padStart(7)} KiB  ${name}`);
}
console.log(`${(total / 1024).toFixed(1).padStart(7)} KiB  of ${BOUND / 1024}`);
if (total > BOUND) {
  console.error("The console is too large: find what grew, or load it later.");
  process.exit(1);
}
