/**
 * `node scripts/schema.ts --check` compares db/schema.sql with what db/migrations make, `--write` writes it.
 * Uses ROLLBOOK_TEST_DATABASE_URL, or the PostgreSQL that tests share.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { asOwner } from '#storage/database.ts';
import { dumpSchema } from '#storage/schema-dump.ts';
import { testDatabase } from '#test/helpers/database.ts';

const path = fileURLToPath(new URL('../db/schema.sql', import.meta.url));
const mode = process.argv[2];
if (mode !== '--check' && mode !== '--write') {
  console.error('usage: node scripts/schema.ts --check | --write');
  process.exit(2);
}

const { db, close } = await testDatabase();
const made = await asOwner(db, dumpSchema);
await close();
if (mode === '--write') {
  await writeFile(path, made);
} else {
  const stored = await readFile(path, 'utf8').catch(() => '');
  if (stored.replaceAll('\r\n', '\n') === made) {
    console.log('db/schema.sql is what the migrations make');
  } else {
    console.error(
      'db/schema.sql differs from what the migrations make: run "node scripts/schema.ts --write"',
    );
    const storedLines = new Set(stored.split('\n'));
    const madeLines = new Set(made.split('\n'));
    for (const line of storedLines) if (!madeLines.has(line)) console.error(`- ${line}`);
    for (const line of madeLines) if (!storedLines.has(line)) console.error(`+ ${line}`);
    process.exitCode = 1;
  }
}
