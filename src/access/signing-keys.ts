import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey,
  type JWK,
} from 'jose';
import { must } from '#lib/assert.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import { lockFirstStart } from '#storage/access/first-start-lock.ts';
import { insertSigningKey, listSigningKeys } from '#storage/access/signing-keys.ts';
import { asOwner, type Database } from '#storage/database.ts';

export interface SigningKeys {
  /** The key that signs. */
  readonly current: { readonly kid: string; readonly privateKey: CryptoKey };
  /** For the key set document: every key whose tokens are still taken. */
  publicJwks(this: void): readonly JWK[];
  /** The key with that id; keys that another process made are found, too. Undefined when there is none. */
  find(this: void, kid: string): Promise<CryptoKey | undefined>;
}

/** How often, at most, an unknown key id makes us ask the database. */
const RELOAD_MS = 10_000;

/**
 * The keys of the token issuer; the first start makes one. Errors: OperationalError `SecretKeyMismatch` when the database was made
 * under another SECRET_KEY.
 */
export async function openSigningKeys(context: {
  readonly db: Database;
  readonly secretBox: SecretBox;
  readonly system: System;
}): Promise<SigningKeys> {
  const { db, secretBox, system } = context;
  const rows = await asOwner(db, async (tx) => {
    await lockFirstStart(tx);
    const found = await listSigningKeys(tx);
    if (found.length > 0) return found;
    await insertSigningKey(tx, await makeKey(secretBox));
    return listSigningKeys(tx);
  });
  const newest = must(rows[0]);
  const privateJwk = JSON.parse(secretBox.open(newest.sealedPrivateJwk).toString('utf8')) as JWK;
  const privateKey = await importKey(privateJwk);
  let jwks: JWK[] = rows.map((row) => row.publicJwk);
  let keysById = await importAll(jwks);
  let reloadedAt = system.now().getTime();

  const reload = async (): Promise<void> => {
    reloadedAt = system.now().getTime();
    const fresh = await asOwner(db, listSigningKeys);
    jwks = fresh.map((row) => row.publicJwk);
    keysById = await importAll(jwks);
  };
  return {
    current: { kid: newest.kid, privateKey },
    publicJwks: () => jwks,
    async find(kid) {
      const known = keysById.get(kid);
      if (known !== undefined || system.now().getTime() - reloadedAt < RELOAD_MS) return known;
      await reload();
      return keysById.get(kid);
    },
  };
}

async function makeKey(
  secretBox: SecretBox,
): Promise<{ kid: string; publicJwk: Record<string, unknown>; sealedPrivateJwk: Buffer }> {
  const pair = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  const publicPart = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(publicPart);
  const publicJwk = { ...publicPart, kid, use: 'sig', alg: 'RS256' };
  const privateJwk = { ...(await exportJWK(pair.privateKey)), kid, alg: 'RS256' };
  return { kid, publicJwk, sealedPrivateJwk: secretBox.seal(Buffer.from(JSON.stringify(privateJwk))) };
}

async function importAll(jwks: readonly JWK[]): Promise<Map<string, CryptoKey>> {
  const keys = new Map<string, CryptoKey>();
  for (const jwk of jwks) keys.set(must(jwk.kid), await importKey(jwk));
  return keys;
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, 'RS256');
  return must(key instanceof Uint8Array ? undefined : key, 'a signing key is an RSA key');
}
