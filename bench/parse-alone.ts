/**
 * The yardstick for reading: the same files, read in 1 MiB pieces and parsed into rows of strings by udsv, and nothing else.
 * Run as a process of its own: `node bench/parse-alone.ts <folder>` prints {"seconds", "rows"} as JSON.
 */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inferSchema, initParser } from 'udsv';

const folder = process.argv[2] ?? '.';
const started = performance.now();
let rows = 0;
for (const name of (await readdir(folder)).filter((file) => file.toLowerCase().endsWith('.csv'))) {
  let parser: ReturnType<typeof initParser> | undefined;
  for await (const piece of createReadStream(join(folder, name), {
    encoding: 'utf8',
    highWaterMark: 1 << 20,
  })) {
    const text = piece as string;
    parser ??= initParser(inferSchema(text));
    parser.chunk(text, parser.stringArrs, (batch) => {
      rows += batch.length;
    });
  }
  parser?.end();
}
console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, rows }));
