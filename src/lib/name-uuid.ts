import { createHash } from 'node:crypto';
import { formatUuid } from './system.ts';

/** RFC 9562, 6.6: the namespace of URLs. */
const URL_NAMESPACE = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex');

/** The UUIDv5 of a name in the namespace of URLs: the same name, the same id, anywhere (`uuidgen --sha1 --namespace @url --name NAME`). */
export function nameUuid(name: string): string {
  const bytes = createHash('sha1').update(URL_NAMESPACE).update(name, 'utf8').digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return formatUuid(bytes);
}
