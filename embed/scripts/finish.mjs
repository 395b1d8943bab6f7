// Packs what was built, as it is sent, and fails if it has grown over its budget.
import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const read = (name) => readFileSync(new URL(name, dist));

/** Most bytes, packed with gzip, of which every browser knows at least. */
const budgets = [
  ["modal.js", 5_000],
  ["panel.js + panel.css", 60_000],
];

let over = false;
for (const [names, most] of budgets) {
  let size = 0;
  for (const name of names.split(" + ")) {
    const plain = read(name);
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
    const packed = gzipSync(plain, { level: 9 });
    writeFileSync(new URL(`${name}.gz`, dist), packed);
    writeFileSync(new URL(`${name}.br`, dist), brotliCompressSync(plain, quality));
    size += packed.length;
  }
  console.log(`${names}: ${size} of ${most} bytes`);
  over ||= size > most;
}
if (over) {
  console.error("the front end is larger than it may be");
  process.exit(1);
}
