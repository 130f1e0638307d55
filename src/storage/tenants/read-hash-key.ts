import { must } from '#lib/assert.ts';

import type { Tx } from '../database.ts';

/** The key of the record hashes of this transaction's tenant, as sealed under SECRET_KEY. */
export async function readSealedHashKey(tx: Tx): Promise<Buffer> {
  const rows = await tx.query<{ hash_key: Buffer }>('select hash_key from tenant_secret');
  return must(rows[0], 'every tenant has a secret').hash_key;
}
