import type { SecretBox } from '#lib/secret-box.ts';

/** Connection secrets of a data provider; never echoed, never logged. */
export interface ProfileSecrets {
  readonly clientSecret: string;
}

export function sealProfileSecrets(box: SecretBox, secrets: ProfileSecrets): Buffer {
  return box.seal(Buffer.from(JSON.stringify(secrets), 'utf8'));
}

/** The secrets of a stored profile, null when it has none. Errors: as SecretBox.open. */
export function openProfileSecrets(box: SecretBox, sealed: Uint8Array | null): ProfileSecrets | null {
  return sealed === null ? null : (JSON.parse(box.open(sealed).toString('utf8')) as ProfileSecrets);
}
