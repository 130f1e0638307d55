import type { z } from 'zod';

import type { SecretBox } from '#lib/secret-box.ts';

/** What is shorter is no sealed token. */
const SHORTEST_BYTES = 64;

/** Seals what a link has to bring back. Sealed, not only signed: keys of pages may be names, and URLs are logged everywhere. */
export function sealToken(box: Pick<SecretBox, 'seal'>, contents: Record<string, unknown>): string {
  return box.seal(Buffer.from(JSON.stringify(contents))).toString('base64url');
}

/** The contents of a token; undefined for what is not one of ours, or of another kind. */
export function openToken<T>(
  box: Pick<SecretBox, 'open'>,
  schema: z.ZodType<T>,
  token: string,
): T | undefined {
  const sealed = Buffer.from(token, 'base64url');
  if (sealed.length < SHORTEST_BYTES) return undefined;
  try {
    return schema.safeParse(JSON.parse(box.open(sealed).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
