import { createHmac, timingSafeEqual } from 'node:crypto';

import { assert } from '#lib/assert.ts';
import { formatUuid } from '#lib/system.ts';

/** SecretBox.deriveKey(UPLOAD_SIGNATURE_PURPOSE, 32) is the key of upload URLs. */
export const UPLOAD_SIGNATURE_PURPOSE = 'upload signature';
export const UPLOAD_URL_LIFETIME_MS = 60 * 60 * 1000;

/** The service version that the retired service named in its URLs. Nothing depends on it. */
const SV = '2015-07-08';
const SR = 'c';
const SP = 'w';

/** What an upload URL allows: to write files into one upload of one profile. */
export interface UploadGrant {
  readonly tenantId: string;
  readonly profileId: string;
  readonly uploadId: string;
  readonly expiresAt: Date;
}

/**
 * The URL of a container that takes files, in the form of an Azure Blob service SAS:
 * `{baseUrl}/{profileId}?sv&sr=c&si&sig&se&sp=w`. `si` carries upload and tenant; the signature is our own, since no client
 * can check it: HMAC-SHA-256 over all of it. `baseUrl` has no slash at its end. `expiresAt` is cut to the second.
 */
export function signUploadUrl(
  input: UploadGrant & { readonly baseUrl: string; readonly key: Uint8Array },
): string {
  const { baseUrl, key, tenantId, uploadId } = input;
  const container = input.profileId.toLowerCase();
  const se = `${input.expiresAt.toISOString().slice(0, 19)}Z`;
  const si = Buffer.concat([uuidBytes(uploadId), uuidBytes(tenantId)]).toString('base64url');
  const sig = signatureOf(key, { container, sv: SV, sr: SR, si, se, sp: SP }).toString('base64url');
  return `${baseUrl}/${container}?${new URLSearchParams({ sv: SV, sr: SR, si, sig, se, sp: SP }).toString()}`;
}

/**
 * Checks container and query of a request. The signature is compared in constant time, and before anything else is looked at.
 * `query` may hold other parameters (comp, blockid, timeout); a parameter that is there twice makes it invalid.
 */
export function verifyUploadSignature(input: {
  readonly container: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly now: Date;
  readonly key: Uint8Array;
}): UploadGrant | 'invalid' | 'expired' {
  const { query, key, now } = input;
  const container = input.container.toLowerCase();
  const text = (name: string): string => {
    const value = query[name];
    return typeof value === 'string' ? value : '';
  };
  const [sv, sr, si, se, sp] = [text('sv'), text('sr'), text('si'), text('se'), text('sp')];
  const sent = Buffer.from(text('sig'), 'base64url');
  const expected = signatureOf(key, { container, sv, sr, si, se, sp });
  if (sent.length !== expected.length || !timingSafeEqual(sent, expected)) return 'invalid';

  const ids = Buffer.from(si, 'base64url');
  const expiresAt = new Date(se);
  // What is signed was made by signUploadUrl; anything else here is a mistake of ours, not of the client.
  assert(
    ids.length === 32 && sp === SP && sr === SR && !Number.isNaN(expiresAt.getTime()),
    'signed nonsense',
  );
  if (now.getTime() >= expiresAt.getTime()) return 'expired';
  return {
    tenantId: formatUuid(ids.subarray(16)),
    profileId: container,
    uploadId: formatUuid(ids.subarray(0, 16)),
    expiresAt,
  };
}

/** Length-prefixed, so that no two sets of parts give the same bytes. */
function signatureOf(
  key: Uint8Array,
  parts: Readonly<Record<'container' | 'sv' | 'sr' | 'si' | 'se' | 'sp', string>>,
): Buffer {
  const { container, sv, sr, si, se, sp } = parts;
  const hmac = createHmac('sha256', key);
  for (const part of [container, sv, sr, si, se, sp]) hmac.update(`${Buffer.byteLength(part)}:${part}\n`);
  return hmac.digest();
}

function uuidBytes(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  assert(bytes.length === 16, 'an upload URL is signed for UUIDs');
  return bytes;
}
