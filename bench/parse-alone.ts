/**
 * The yardstick for reading: the same files, read in 1 MiB pieces and parsed into rows of strings by udsv, and nothing else.
 * Run as a process of its own: `node bench/parse-alone.ts <folder>` prints a ProcessMeasure with `rows` as JSON.
 */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inferSchema, initParser, type Parser } from 'udsv';

import { measureProcess } from './process-measure.ts';

const folder = process.argv[2] ?? '.';
const done = measureProcess();
let rows = 0;
for (const name of (await readdir(folder)).filter((file) => file.toLowerCase().endsWith('.csv'))) {
  let parser: Parser | undefined;
  for await (const piece of createReadStream(join(folder, name), {
    encoding: 'utf8',
    highWaterMark: 1 << 20,
  })) {
    const text = piece as string;
    parser ??= initParser(inferSchema(text));
    // The types of udsv do not let its own default parser be named here.
    parser.chunk<string[]>(text, parser.stringArrs, () => {
      rows += 1;
    });
  }
  parser?.end();
}
console.log(JSON.stringify({ ...done(), rows }));
