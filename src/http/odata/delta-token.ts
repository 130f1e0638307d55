import { z } from 'zod';

import type { SecretBox } from '#lib/secret-box.ts';

import { openToken, sealToken } from './sealed-token.ts';

const common = {
  tenantId: z.string(),
  /** Path of the delta query. */
  path: z.string(),
  /** When the link was given, in milliseconds, by the clock of the database. */
  at: z.number(),
  select: z.array(z.string()).nullable(),
  members: z.boolean(),
  top: z.int().min(1),
};

const round = z.strictObject({ for: z.literal('deltatoken'), ...common, from: z.number() });

const page = z.strictObject({
  for: z.literal('deltapage'),
  ...common,
  /** Null: everything there is is told, not changes. */
  from: z.number().nullable(),
  until: z.number(),
  /** Where the page before ended: `member` of whose memberships others follow. */
  key: z.strictObject({ seq: z.number(), id: z.guid(), member: z.guid().nullable() }),
});

/** What the next round begins with. */
export type DeltaRound = Omit<z.infer<typeof round>, 'for'>;
/** What the next page of a round begins with. */
export type DeltaPage = Omit<z.infer<typeof page>, 'for'>;

export function sealDeltaToken(box: Pick<SecretBox, 'seal'>, token: DeltaRound): string {
  return sealToken(box, { for: 'deltatoken', ...token });
}

export function sealDeltaPage(box: Pick<SecretBox, 'seal'>, token: DeltaPage): string {
  return sealToken(box, { for: 'deltapage', ...token });
}

/** Undefined: none of ours. */
export function openDeltaToken(box: Pick<SecretBox, 'open'>, text: string): DeltaRound | undefined {
  return openToken(box, round, text);
}

export function openDeltaPage(box: Pick<SecretBox, 'open'>, text: string): DeltaPage | undefined {
  return openToken(box, page, text);
}
