import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json: two up in a checkout (src/main), one less where everything is in one file (dist). */
export const PACKAGE_DIR = findPackageDir(dirname(fileURLToPath(import.meta.url)));
export const VERSION = readManifest(PACKAGE_DIR)?.version ?? '0.0.0';

function findPackageDir(from: string): string {
  const parent = dirname(from);
  if (readManifest(from)?.name === 'rollbook' || parent === from) return from;
  return findPackageDir(parent);
}

function readManifest(directory: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
      name?: string;
      version?: string;
    };
  } catch {
    return undefined;
  }
}
