import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSecretKey, type SecretKey } from '#access/secret-key.ts';
import { type Check, checksOf } from '#core/doctor/check.ts';
import { messageOf } from '#lib/errors.ts';
import { readClusterHome } from '#storage/postgres-server/cluster-home.ts';

import type { Patient } from './examine.ts';

const { ok, fault } = checksOf('secrets');

/** SECRET_KEY as it stands; whether it is the right one, the database tells. Nothing is made here. */
export async function examineSecrets({
  settings,
  dataDir,
}: Patient): Promise<{ readonly keys: readonly SecretKey[] | null; readonly checks: Check[] }> {
  const path = join(dataDir, 'secret.key');
  const place = settings.secretKey === undefined ? path : 'SECRET_KEY';
  try {
    const text = settings.secretKey ?? (await readFile(path, 'utf8'));
    const keys = parseSecretKey(text, place);
    const versions = keys.map(({ version }) => `v${version}`).join(', ');
    return { keys, checks: [ok('SECRET_KEY', `${place} holds ${versions}.`)] };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { keys: null, checks: [await noKey(dataDir)] };
    return {
      keys: null,
      checks: [
        fault(
          'SECRET_KEY',
          messageOf(error),
          'Give Rollbook the key it had: without it stored secrets cannot be read.',
        ),
      ],
    };
  }
}

/** The database of the data directory was made with a key, whether it runs or not; another database says so itself. */
async function noKey(dataDir: string): Promise<Check> {
  const cluster = await readClusterHome(dataDir).catch(() => undefined);
  if (cluster === undefined) return ok('SECRET_KEY', 'There is none yet: the first start makes one.');
  return fault(
    'SECRET_KEY',
    `${dataDir} has a database, and the key to its secrets is missing.`,
    'Put secret.key back into DATA_DIR, or give SECRET_KEY: a new key opens none of the stored secrets.',
  );
}
