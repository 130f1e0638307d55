/** Holds a data directory and its server until it is killed, as `rollbook serve` does. Prints one line of JSON when it is ready. */
import { must } from '#lib/assert.ts';
import { acquireLock } from '#storage/data-directory-lock.ts';
import { openStorage } from '#storage/open-storage.ts';
import { testSecretBox } from './secret-box.ts';

const [dataDir, mode] = process.argv.slice(2);
const lock = await acquireLock(must(dataDir));
await lock.update(['http://127.0.0.1:1234']);
const storage = await openStorage({
  dataDir: must(dataDir),
  databaseUrl: undefined,
  secretBox: testSecretBox,
});
process.stdout.write(`${JSON.stringify({ pid: process.pid, url: storage.url })}\n`);
if (mode === 'leave') {
  process.exit(0); // Without stopping anything.
} else {
  setInterval(() => undefined, 1000);
}
