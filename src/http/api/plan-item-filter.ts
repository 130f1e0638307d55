import * as z from 'zod';

import { ACTIONS, KINDS, REASONS } from '#core/roster/kinds.ts';

/** Which items of a plan: query parameters, all of which must fit. */
export const itemFilterSchema = z.strictObject({
  school: z.string().max(256).optional(),
  kind: z.enum(KINDS).optional(),
  action: z.enum(ACTIONS).optional(),
  reason: z.enum(REASONS).optional(),
  sourceId: z.string().min(1).max(256).optional(),
  only: z.enum(['held', 'failed']).optional(),
});
