/**
 * The least that any reader has to do: the bytes of the files, read in 1 MiB pieces, and their SHA-256. Run as a process of its own:
 * `node bench/hash-alone.ts <folder>` prints a ProcessMeasure as JSON.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

import { filesOnDisk } from '#test/helpers/files-on-disk.ts';

import { measureProcess } from './process-measure.ts';

const done = measureProcess();
for (const { path } of await filesOnDisk(process.argv[2] ?? '.')) {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer);
  hash.digest();
}
console.log(JSON.stringify(done()));
