/**
 * The answers of the HTTP API as far as the commands read them. What is not named here is left out; what a later version
 * adds does no harm.
 */
import * as z from 'zod';

import { KINDS } from '#core/roster/kinds.ts';
import { WEEKDAYS } from '#core/schedule/window.ts';

export const tokenAnswer = z.object({ access_token: z.string() });

export const listOf = z.object({
  value: z.array(z.unknown()),
  '@odata.nextLink': z.string().optional(),
});

export const profileAnswer = z.object({
  id: z.string(),
  displayName: z.string(),
  state: z.string(),
  expirationDate: z.string().nullish(),
  dataProvider: z.looseObject({ '@odata.type': z.string().optional() }).nullish(),
  identitySynchronizationConfiguration: z
    .looseObject({
      '@odata.type': z.string().optional(),
      userDomains: z.array(z.object({ appliesTo: z.string(), name: z.string() })).optional(),
      matchingOptions: z
        .array(
          z.object({
            appliesTo: z.string(),
            sourcePropertyName: z.string(),
            targetPropertyName: z.string(),
            targetDomain: z.string().nullish(),
          }),
        )
        .optional(),
    })
    .nullish(),
});
export type ProfileAnswer = z.infer<typeof profileAnswer>;

const windowAnswer = z.object({
  days: z.array(z.enum(WEEKDAYS)).optional(),
  from: z.string(),
  to: z.string(),
});
export const scheduleAnswer = z.object({
  schedule: z.object({
    cron: z.string().nullable(),
    timeZone: z.string().nullable(),
    runOnUpload: z.boolean(),
    watchedFolder: z.string().nullable(),
    notBefore: z.string().nullable(),
    blackout: z.array(windowAnswer),
    addsOnly: z.array(windowAnswer),
    onExpiration: z.string(),
  }),
  timeZone: z.string(),
  active: z.boolean(),
  nextCronAt: z.string().nullable(),
  nextRunAt: z.string().nullable(),
  waitsUntil: z.string().nullable(),
  waitsBecause: z.string().nullable(),
  lastCronAt: z.string().nullable(),
  lastCronResult: z.string().nullable(),
  folder: z.object({ path: z.string().nullable(), note: z.string().nullable() }).nullable(),
  expiredOn: z.string().nullable(),
});
export type ScheduleAnswer = z.infer<typeof scheduleAnswer>;

export const statusAnswer = z.object({
  status: z.string(),
  statusMessage: z.string().nullish(),
  errorCount: z.number().nullish(),
  lastSynchronizationDateTime: z.string().nullish(),
  lastActivityDateTime: z.string().nullish(),
});
export type StatusAnswer = z.infer<typeof statusAnswer>;

export const errorAnswer = z.object({
  id: z.string(),
  entryType: z.string().nullish(),
  errorCode: z.string().nullish(),
  errorMessage: z.string().nullish(),
  joiningValue: z.string().nullish(),
  recordedDateTime: z.string().nullish(),
  reportableIdentifier: z.string().nullish(),
});
export type ErrorAnswer = z.infer<typeof errorAnswer>;

export const messageAnswer = z.object({
  type: z.string().nullish(),
  fileName: z.string().nullish(),
  description: z.string().nullish(),
});
export type MessageAnswer = z.infer<typeof messageAnswer>;

export const valueAnswer = z.object({ value: z.string() });

const progressAnswer = z.object({
  stage: z.string(),
  percent: z.number().optional(),
  rowsDone: z.number().optional(),
  rowsTotal: z.number().optional(),
  itemsDone: z.number().optional(),
  itemsTotal: z.number().optional(),
  secondsLeft: z.number().nullish(),
});

const kindCounts = z.object({
  records: z.number(),
  created: z.number(),
  linked: z.number(),
  updated: z.number(),
  reactivated: z.number(),
  ended: z.number(),
  held: z.number().default(0),
  unchanged: z.number(),
});
export type KindCountsAnswer = z.infer<typeof kindCounts>;

export const runAnswer = z.object({
  id: z.string(),
  profileId: z.string().default(''),
  profileDisplayName: z.string().default(''),
  state: z.string(),
  trigger: z.string().nullish(),
  planOnly: z.boolean().default(false),
  addsOnly: z.boolean().default(false),
  cancelRequested: z.boolean().default(false),
  progress: progressAnswer.nullish().catch(null),
  counts: z
    .object({
      format: z
        .object({ title: z.string(), how: z.string(), evidence: z.array(z.string()) })
        .nullish()
        .catch(null),
      kinds: z.partialRecord(z.enum(KINDS), kindCounts),
      files: z.array(z.object({ file: z.string(), rows: z.number(), badRows: z.number() })).default([]),
      filesToConfirm: z.array(z.string()).default([]),
      merge: z
        .object({
          baseUploadId: z.string(),
          baseSealedAt: z.string(),
          deltaUploadId: z.string(),
          deltaSealedAt: z.string(),
          files: z.array(
            z.object({
              file: z.string(),
              from: z.enum(['delta', 'bulk', 'kept']),
              deltaRows: z.number(),
              replacedRows: z.number(),
              outdatedRows: z.number(),
              keptRows: z.number(),
            }),
          ),
        })
        .nullish()
        .catch(null),
    })
    .nullish()
    .catch(null),
  verdict: z
    .object({ outcome: z.string(), reasons: z.array(z.object({ code: z.string(), message: z.string() })) })
    .nullish()
    .catch(null),
  message: z.string().nullish(),
  errorCode: z.string().nullish(),
  attempt: z.number().default(1),
  requestedBy: z.string().nullish(),
  requestedByName: z.string().nullish(),
  acceptedBy: z.string().nullish(),
  acceptedByName: z.string().nullish(),
  acceptedAt: z.string().nullish(),
  nextAttemptAt: z.string().nullish(),
  createdAt: z.string().nullish(),
  startedAt: z.string().nullish(),
  finishedAt: z.string().nullish(),
  durationSeconds: z.number().nullish(),
});
export type RunAnswer = z.infer<typeof runAnswer>;

/** A run with its whole story. */
export const runStoryAnswer = runAnswer.extend({
  certificate: z.unknown(),
  timeline: z
    .array(
      z.object({
        at: z.string(),
        event: z.string(),
        state: z.string(),
        actor: z.string(),
        actorName: z.string().nullish(),
        detail: z.unknown(),
      }),
    )
    .default([]),
  files: z
    .array(
      z.object({
        name: z.string(),
        archive: z.string().nullish(),
        sizeBytes: z.number(),
        sha256: z.string(),
        rows: z.number().nullish(),
        badRows: z.number().nullish(),
        bytesKept: z.boolean(),
        erasedAt: z.string().nullish(),
      }),
    )
    .default([]),
  findingCounts: z.array(z.unknown()).default([]),
  findings: z.array(z.unknown()).default([]),
});
export type RunStoryAnswer = z.infer<typeof runStoryAnswer>;

/** A new tenant or application, with the secret that is shown once. */
export const createdAnswer = z.looseObject({
  tenantId: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
});
export type CreatedAnswer = z.infer<typeof createdAnswer>;

/** A new secret beside the one before, which ends then; null: it has ended. */
export const rotatedAnswer = createdAnswer.extend({ previousSecretEndDateTime: z.string().nullable() });
