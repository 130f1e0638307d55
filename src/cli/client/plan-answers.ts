import * as z from 'zod';

import { KINDS } from '#core/roster/kinds.ts';

/** Answers about plans, as far as the commands read them. */
const countLine = z.object({
  kind: z.enum(KINDS),
  action: z.string(),
  items: z.number(),
  failed: z.number(),
  held: z.number(),
});

const reasonAnswer = z.looseObject({ code: z.string(), message: z.string(), school: z.string().optional() });

const schoolAnswer = z.object({
  school: z.string(),
  name: z.string().nullable(),
  items: z.number(),
  held: z.number(),
  counts: z.array(countLine),
});
export type SchoolAnswer = z.infer<typeof schoolAnswer>;

export const planAnswer = z.object({
  runId: z.string(),
  profileId: z.string(),
  state: z.string(),
  planOnly: z.boolean(),
  errorCode: z.string().nullable(),
  stale: z.boolean(),
  planHash: z.string(),
  itemCount: z.number(),
  createdAt: z.string(),
  verdict: z.looseObject({ outcome: z.string(), reasons: z.array(reasonAnswer) }),
  certificate: z
    .looseObject({
      complete: z.boolean(),
      files: z.array(z.looseObject({ file: z.string(), rows: z.number(), proof: z.string().nullable() })),
    })
    .nullish(),
  counts: z.array(countLine),
  holds: z.array(
    z.looseObject({
      scope: z.string(),
      id: z.string(),
      itemCount: z.number(),
      decision: z.string().nullable(),
      reasons: z.array(reasonAnswer),
    }),
  ),
  schools: z.object({ value: z.array(schoolAnswer), '@odata.nextLink': z.string().optional() }),
});
export type PlanAnswer = z.infer<typeof planAnswer>;

export const planItemAnswer = z.object({
  itemNo: z.number(),
  kind: z.enum(KINDS),
  action: z.string(),
  reason: z.string(),
  sourceId: z.string().nullable(),
  school: z.string().nullable(),
  state: z.string(),
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
  changes: z.array(z.object({ property: z.string(), before: z.unknown(), after: z.unknown() })),
  file: z.string().nullable(),
  line: z.number().nullable(),
  failure: z.object({ code: z.string(), message: z.string().nullable() }).nullable(),
});
export type PlanItemAnswer = z.infer<typeof planItemAnswer>;
