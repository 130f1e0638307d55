import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { SecretBox } from '#lib/secret-box.ts';

const KEY = Buffer.alloc(32, 7);

/** A secret box with one fixed key, the same in every test process. */
export const testSecretBox: SecretBox = {
  seal(plain) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', KEY, nonce);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([Buffer.from([1]), nonce, cipher.getAuthTag(), sealed]);
  },
  open(sealed) {
    const bytes = Buffer.from(sealed);
    const cipher = createDecipheriv('aes-256-gcm', KEY, bytes.subarray(1, 13));
    cipher.setAuthTag(bytes.subarray(13, 29));
    return Buffer.concat([cipher.update(bytes.subarray(29)), cipher.final()]);
  },
  deriveKey: (purpose, sizeBytes) => Buffer.from(hkdfSync('sha256', KEY, '', purpose, sizeBytes)),
};
