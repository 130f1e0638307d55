import { link, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, OperationalError } from '#lib/errors.ts';
import type { System } from '#lib/system.ts';
import { prepareDataDirectory } from '#storage/data-directory.ts';
import { replaceFile } from '#storage/replace-file.ts';
import { syncDirectory } from '#storage/sync-directory.ts';

/** One generation of SECRET_KEY. */
export interface SecretKey {
  /** 1 to 255; the highest seals, all open. */
  readonly version: number;
  /** 32 bytes or more. */
  readonly key: Buffer;
}

export interface LoadedSecretKey {
  readonly keys: readonly SecretKey[];
  /** given: by flag or environment; file: DATA_DIR/secret.key. */
  readonly origin: 'given' | 'file';
}

const FILE = 'secret.key';
const HOW =
  'Write it as v1:<base64>, for instance v1:$(openssl rand -base64 32); a later key is added as ,v2:<base64>.';

/**
 * The key that was given, else the one in DATA_DIR/secret.key, which is made (mode 0600) where it is missing.
 * Throws OperationalError `SecretKeyInvalid`.
 */
export async function loadSecretKey(
  dataDir: string,
  given: string | undefined,
  system: Pick<System, 'randomBytes'>,
): Promise<LoadedSecretKey> {
  if (given !== undefined) return { keys: parseSecretKey(given, 'SECRET_KEY'), origin: 'given' };
  const path = join(dataDir, FILE);
  const found = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new OperationalError('SecretKeyInvalid', `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  });
  if (found !== undefined) return { keys: parseSecretKey(found, path), origin: 'file' };
  await prepareDataDirectory(dataDir);
  await writeOnce(
    path,
    `${path}.${system.randomBytes(6).toString('hex')}`,
    `v1:${system.randomBytes(32).toString('base64')}\n`,
  );
  // Another process may have been first.
  return { keys: parseSecretKey(await readFile(path, 'utf8'), path), origin: 'file' };
}

/** The file appears complete, and only when there is none. */
async function writeOnce(path: string, draft: string, text: string): Promise<void> {
  await replaceFile(draft, text, 0o600);
  try {
    await link(draft, path);
    // What is sealed under it must not outlive it.
    await syncDirectory(dirname(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A file system without links.
    if (code !== 'EEXIST') await replaceFile(path, text, 0o600);
  } finally {
    await rm(draft, { force: true });
  }
}

/** `v1:base64,v2:base64`, highest version first in the answer. The text is never quoted in an error. */
export function parseSecretKey(text: string, place: string): SecretKey[] {
  const keys = text
    .trim()
    .split(/\s*,\s*/)
    .map((part) => {
      const match = /^(?:v(\d{1,3}):)?([A-Za-z0-9+/_-]+={0,2})$/.exec(part);
      const version = Number(match?.[1] ?? '1');
      const key = Buffer.from(match?.[2] ?? '', 'base64');
      if (match === null || version < 1 || version > 255) throw invalid(place, 'is not of that form');
      if (key.length < 32) throw invalid(place, 'holds a key of less than 32 bytes');
      return { version, key };
    });
  if (new Set(keys.map((key) => key.version)).size < keys.length)
    throw invalid(place, 'names a version twice');
  return keys.sort((a, b) => b.version - a.version);
}

function invalid(place: string, what: string): OperationalError {
  return new OperationalError('SecretKeyInvalid', `${place} ${what}. ${HOW}`);
}
