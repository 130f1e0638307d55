import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync } from 'node:crypto';
import { must } from '#lib/assert.ts';
import { OperationalError } from '#lib/errors.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import type { SecretKey } from './secret-key.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OVERHEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/**
 * A SecretBox over the generations of SECRET_KEY. Sealed: version (1 byte), nonce (12), tag (16), ciphertext; the version is
 * authenticated too. Keys of purposes come from the newest generation.
 */
export function openSecretBox(keys: readonly SecretKey[], system: Pick<System, 'randomBytes'>): SecretBox {
  const newest = must(keys[0], 'a secret box needs a key');
  // Key objects: a first load seals a password for everybody, and a Buffer as key makes each four times as slow.
  const sealingKeys = new Map(
    keys.map(({ version, key }) => [version, createSecretKey(derive(key, 'seal', 'AES-256-GCM', 32))]),
  );
  return {
    seal(plain) {
      const version = Buffer.from([newest.version]);
      const nonce = system.randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', must(sealingKeys.get(newest.version)), nonce).setAAD(
        version,
      );
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([version, nonce, cipher.getAuthTag(), sealed]);
    },
    open(sealed) {
      const bytes = Buffer.from(sealed);
      const version = bytes.subarray(0, 1);
      const key = sealingKeys.get(bytes[0] ?? 0);
      if (key === undefined || bytes.length < OVERHEAD_BYTES) throw mismatch();
      try {
        const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
          .setAAD(version)
          .setAuthTag(bytes.subarray(1 + NONCE_BYTES, OVERHEAD_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(OVERHEAD_BYTES)), decipher.final()]);
      } catch (error) {
        throw mismatch(error);
      }
    },
    deriveKey: (purpose, sizeBytes) => derive(newest.key, '', purpose, sizeBytes),
  };
}

/** The salt keeps the sealing keys apart from whatever a purpose is called. */
function derive(key: Buffer, salt: '' | 'seal', info: string, sizeBytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, sizeBytes));
}

function mismatch(cause?: unknown): OperationalError {
  return new OperationalError(
    'SecretKeyMismatch',
    'A stored secret cannot be opened: SECRET_KEY (or DATA_DIR/secret.key) is not the key it was sealed with, or it was changed. ' +
      'Give Rollbook the key it had; after a change of keys, keep the old one beside the new one.',
    { cause },
  );
}
