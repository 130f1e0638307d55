import * as z from 'zod';

import { ACTIONS, KINDS, REASONS } from '#core/roster/kinds.ts';

/** No text in the database holds U+0000. */
const text = z
  .string()
  .max(256)
  .refine((value) => !value.includes('\0'), 'It holds the character U+0000.');

/** Which items of a plan: query parameters, all of which must fit. */
export const itemFilterSchema = z.strictObject({
  school: text.optional(),
  kind: z.enum(KINDS).optional(),
  action: z.enum(ACTIONS).optional(),
  reason: z.enum(REASONS).optional(),
  sourceId: text.min(1).optional(),
  only: z.enum(['held', 'failed']).optional(),
});
