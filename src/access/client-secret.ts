import { scrypt, timingSafeEqual } from 'node:crypto';
import { must } from '#lib/assert.ts';
import type { System } from '#lib/system.ts';

const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** 16 MiB and about 30 ms each. Stored in the hash, so that it can rise later. */
const COST = 2 ** 14;

/** 43 characters that need no escaping in a shell, a form or a URL. The first is a letter: one that began with - would be taken for an option. */
export function newClientSecret(system: Pick<System, 'randomBytes'>): string {
  const bytes = Buffer.from(system.randomBytes(32));
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  return bytes.toString('base64url');
}

/** `scrypt:cost:salt:hash`, base64url. */
export async function hashClientSecret(system: Pick<System, 'randomBytes'>, secret: string): Promise<string> {
  const salt = system.randomBytes(SALT_BYTES);
  const hash = await derive(secret, salt, COST);
  return `scrypt:${COST}:${salt.toString('base64url')}:${hash.toString('base64url')}`;
}

/** Whether the secret is the one that was hashed; compared in constant time. */
export async function matchesClientSecret(secret: string, stored: string): Promise<boolean> {
  const [kind, cost, salt, hash] = stored.split(':');
  must(kind === 'scrypt' ? kind : undefined, 'an unknown form of secret hash');
  const expected = Buffer.from(must(hash), 'base64url');
  const actual = await derive(secret, Buffer.from(must(salt), 'base64url'), Number(cost));
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** Takes as long as a comparison, for names that nobody has: the answer's time must not tell which part was wrong. */
export async function pretendToMatch(secret: string): Promise<void> {
  await derive(secret, Buffer.alloc(SALT_BYTES), COST);
}

function derive(secret: string, salt: Buffer, cost: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, HASH_BYTES, { N: cost, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }, (error, hash) => {
      if (error) reject(error);
      else resolve(hash);
    });
  });
}
