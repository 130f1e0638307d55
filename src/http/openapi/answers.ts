/** The shapes of answers. Loose ones may get more properties with any version; a client ignores what it does not know. */
import * as z from 'zod';

import { ACTIONS, KINDS, REASONS } from '#core/roster/kinds.ts';
import { RUN_STATES } from '#core/run/run-state.ts';

const time = z.iso.datetime();
const maybeTime = time.nullable();
const text = z.string().nullable();

export const pageOf = (item: z.ZodType): z.ZodObject =>
  z.looseObject({ value: z.array(item), '@odata.nextLink': z.string().optional() });
export const listOf = (item: z.ZodType): z.ZodObject => z.looseObject({ value: z.array(item) });

export const runAnswer = z
  .looseObject({
    id: z.uuid(),
    profileId: z.uuid(),
    profileDisplayName: text,
    state: z.enum(RUN_STATES),
    trigger: z.string(),
    planOnly: z.boolean(),
    progress: z.looseObject({}).nullable(),
    counts: z.looseObject({}).nullable(),
    plan: z.looseObject({ itemCount: z.int() }).nullable(),
    verdict: z.looseObject({}).nullable(),
    message: text,
    errorCode: text,
    attempt: z.int(),
    nextAttemptAt: maybeTime,
    requestedBy: z.string(),
    cancelRequested: z.boolean(),
    acceptedBy: text,
    acceptedAt: maybeTime,
    createdAt: time,
    startedAt: maybeTime,
    finishedAt: maybeTime,
    durationSeconds: z.number().nullable(),
  })
  .meta({ id: 'Run' });

export const findingAnswer = z
  .looseObject({ code: z.string(), severity: z.enum(['fatal', 'error', 'warning', 'information']) })
  .meta({ id: 'Finding' });

export const runStoryAnswer = z
  .looseObject({
    ...runAnswer.shape,
    certificate: z.looseObject({}).nullable(),
    timeline: z.array(z.looseObject({})),
    files: z.array(z.looseObject({ name: z.string(), rows: z.int().nullable() })),
    findingCounts: z.array(z.looseObject({})),
    findings: z.array(findingAnswer),
  })
  .meta({ id: 'RunStory' });

const schoolCounts = z
  .looseObject({
    school: z.string(),
    name: text,
    items: z.int(),
    held: z.int(),
    counts: z.array(z.looseObject({})),
  })
  .meta({ id: 'SchoolCounts' });
export const schoolPage = pageOf(schoolCounts);

export const planItemAnswer = z
  .looseObject({
    itemNo: z.int(),
    kind: z.enum(KINDS),
    action: z.enum(ACTIONS),
    reason: z.enum(REASONS),
    sourceId: text,
    school: text,
    objectId: z.uuid().nullable(),
    before: z.looseObject({}).nullable(),
    after: z.looseObject({}).nullable(),
    state: z.string(),
    changes: z.array(z.looseObject({ property: z.string() })),
    failure: z.looseObject({ code: z.string(), message: text }).nullable(),
  })
  .meta({ id: 'PlanItem' });

export const planAnswer = z
  .looseObject({
    runId: z.uuid(),
    profileId: z.uuid(),
    state: z.enum(RUN_STATES),
    planOnly: z.boolean(),
    stale: z.boolean(),
    planHash: z.string(),
    itemCount: z.int(),
    createdAt: time,
    verdict: z.looseObject({ outcome: z.string(), reasons: z.array(z.looseObject({})) }),
    counts: z.array(z.looseObject({})),
    holds: z.array(z.looseObject({})),
    schools: schoolPage,
  })
  .meta({ id: 'Plan' });

export const expirationAnswer = z
  .object({
    runId: z.uuid(),
    expiredOn: z.iso.date(),
    classesKept: z.int(),
    canBeUndone: z.boolean(),
    sourceSystem: z.looseObject({ id: z.uuid(), name: z.string() }),
  })
  .meta({ id: 'Expiration' });

export const settingsAnswer = z
  .looseObject({
    sourceSystemId: z.uuid(),
    classAnchor: z.enum(['id', 'idAndSession']),
    schedule: z.looseObject({}),
  })
  .meta({ id: 'ProfileSettings' });

export const scheduleAnswer = z
  .looseObject({
    schedule: z.looseObject({}),
    timeZone: z.string(),
    active: z.boolean(),
    nextCronAt: maybeTime,
    nextRunAt: maybeTime,
    waitsUntil: maybeTime,
    waitsBecause: text,
    expiredOn: z.iso.date().nullable(),
  })
  .meta({ id: 'Schedule' });

export const quarantineAnswer = z
  .looseObject({
    quarantined: z.boolean(),
    reason: text,
    title: text,
    remedy: text,
    count: z.int(),
    brokenRuns: z.int(),
  })
  .meta({ id: 'Quarantine' });

export const resetAnswer = z
  .looseObject({ scopes: z.array(z.string()), errors: z.int(), escrow: z.int(), leftQuarantine: z.boolean() })
  .meta({ id: 'Reset' });

export const applicationAnswer = z
  .looseObject({
    clientId: z.uuid(),
    displayName: z.string(),
    permissions: z.array(z.string()),
    createdDateTime: time,
    revokedDateTime: maybeTime,
  })
  .meta({ id: 'Application' });

export const newSecretAnswer = z
  .looseObject({ clientId: z.uuid(), tenantId: z.uuid(), clientSecret: z.string() })
  .meta({ id: 'NewSecret', description: 'The only answer that shows the secret.' });

export const tenantAnswer = z
  .object({ tenantId: z.uuid(), name: z.string(), timeZone: z.string(), createdDateTime: time })
  .meta({ id: 'Tenant' });

export const channelAnswer = z
  .looseObject({
    id: z.uuid(),
    kind: z.string(),
    address: z.string(),
    events: z.array(z.string()),
    digest: z.string(),
    enabled: z.boolean(),
    waiting: z.int(),
    failed: z.int(),
    createdDateTime: time,
  })
  .meta({ id: 'NoticeChannel' });

export const noticeAnswer = z.looseObject({ id: z.uuid() }).meta({ id: 'Notice' });
export const deliveryAnswer = z
  .looseObject({ channelId: z.uuid(), state: z.string(), attempts: z.int(), lastError: text })
  .meta({ id: 'Delivery' });

export const listAnswer = z.looseObject({}).meta({ id: 'ReferenceList' });
export const valueAnswer = z.looseObject({}).meta({ id: 'ReferenceValue' });

export const passwordsAnswer = z
  .object({ exportId: z.uuid(), value: z.array(z.looseObject({})), after: z.uuid().nullable() })
  .meta({ id: 'InitialPasswords', description: 'Passwords of children. Keep nothing of it in a log.' });

export const importAnswer = z
  .object({
    created: z.int(),
    updated: z.int(),
    unchanged: z.int(),
    refused: z.int(),
    rows: z.array(z.looseObject({})),
  })
  .meta({ id: 'UserImport' });

/** An object of the roster: its properties are those of the view it is read from. */
export const rosterObject = z.looseObject({ id: z.uuid() }).meta({ id: 'RosterObject' });

export const errorAnswer = z
  .object({
    error: z.looseObject({
      code: z.string(),
      message: z.string(),
      target: z.string().optional(),
      innerError: z.looseObject({
        date: z.string(),
        'request-id': z.string(),
        'client-request-id': z.string(),
      }),
    }),
  })
  .meta({ id: 'Error', description: "Graph's envelope of an error." });
