import { readFile } from 'node:fs/promises';

import * as z from 'zod';

import { messageOf } from '#lib/errors.ts';

import { UnreachableError } from '../exit-codes.ts';
import { jsonOf } from '../json-file.ts';
import type { Credentials } from './api-client.ts';

const credentialsShape = z.object({
  tenantId: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
});

/** The credentials that the first start wrote (DATA_DIR/credentials.json); null when there is no such file. */
export async function readCredentialsFile(path: string): Promise<Credentials | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new UnreachableError(
      `The credentials in ${path} cannot be read: ${messageOf(error)}. Run the command as the user who runs Rollbook, or set ROLLBOOK_CLIENT_ID, ROLLBOOK_CLIENT_SECRET and ROLLBOOK_TENANT.`,
      error,
    );
  }
  try {
    return credentialsShape.parse(jsonOf(text));
  } catch (error) {
    throw new UnreachableError(`${path} does not hold tenantId, clientId and clientSecret as JSON.`, error);
  }
}
