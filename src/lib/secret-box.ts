/** Encrypts small secrets and derives keys, all from SECRET_KEY. Implemented in access/, passed to whoever needs it. */
export interface SecretBox {
  /** Encrypts (AES-256-GCM, random nonce, key version in the first byte). */
  seal(plain: Uint8Array): Buffer;
  /** Decrypts what `seal` made. Throws an OperationalError `SecretKeyMismatch` when it was sealed under another key or changed. */
  open(sealed: Uint8Array): Buffer;
  /** A key for one purpose (HKDF-SHA-256), the same on every process that has the same SECRET_KEY. */
  deriveKey(purpose: string, sizeBytes: number): Buffer;
}
