import * as z from 'zod';

import { RUN_STATES } from '#core/run/run-state.ts';

import { applicationChange, newApplication } from '../api/applications.ts';
import { cancelBody } from '../api/cancel-run.ts';
import { undoBody } from '../api/expirations.ts';
import { importRows } from '../api/import-users.ts';
import { passwordPage, passwordsArrived } from '../api/initial-passwords.ts';
import { changedChannel, newChannel } from '../api/notice-channels.ts';
import { itemFilterSchema } from '../api/plan-item-filter.ts';
import { decisionBody } from '../api/plans.ts';
import { quarantineBody } from '../api/quarantine.ts';
import { valueChange } from '../api/reference-lists.ts';
import { resetBody } from '../api/reset-scopes.ts';
import { resumeBody } from '../api/resume-with-confirmation.ts';
import { secretRotation } from '../api/rotate-secret.ts';
import { newTenant } from '../api/tenants.ts';
import * as answers from './answers.ts';
import type { ApiOperation } from './operation.ts';

const { listOf, pageOf } = answers;

const paging = {
  $top: z.int().min(1).optional().describe('How many of them on one page.'),
  $skiptoken: z.string().optional().describe('From the @odata.nextLink of the page before.'),
};
const page = z.object(paging);
const noBody = z.object({}).nullish();
const events = 'text/event-stream';
const settings = z
  .looseObject({})
  .describe(
    'The settings to change, by name; what is not named stays. docs/guide/administration.md and scheduling.md list them.',
  );

const roster = (what: string): ApiOperation => ({
  summary: `List ${what}.`,
  query: z.object({
    ...paging,
    includeInactive: z.boolean().optional().describe('Those that ended, too.'),
  }),
  answers: { 200: pageOf(z.looseObject({})) },
  errors: [400, 404],
});
const rosterOne = (what: string): ApiOperation => ({
  summary: `Read ${what}.`,
  answers: { 200: answers.rosterObject },
  errors: [400, 404],
});
const decision = (summary: string): ApiOperation => ({
  summary,
  body: decisionBody,
  answers: { 200: answers.runAnswer },
  errors: [400, 404, 409],
});

/** Every operation of /api/v1, by method and address. A test compares it with the routes. */
export const OPERATIONS: Readonly<Record<string, ApiOperation>> = {
  'GET /openapi.json': {
    summary: 'This document.',
    answers: { 200: z.looseObject({ openapi: z.string() }) },
  },
  'GET /profiles/:id/settings': {
    summary: 'Read the settings of a profile that Graph has no property for.',
    answers: { 200: answers.settingsAnswer },
    errors: [404],
  },
  'PATCH /profiles/:id/settings': {
    summary: 'Change settings of a profile.',
    body: settings,
    answers: { 200: answers.settingsAnswer },
    errors: [400, 404, 409],
  },
  'GET /profiles/:id/schedule': {
    summary: 'What is scheduled for a profile, and what comes of it now.',
    answers: { 200: answers.scheduleAnswer },
    errors: [404],
  },
  'GET /profiles/:id/expirations': {
    summary: 'The expirations of a profile, and how many classes each still keeps.',
    answers: { 200: listOf(answers.expirationAnswer) },
    errors: [404],
  },
  'POST /profiles/:id/undo-expiration': {
    summary: 'Put back what an expiration changed: a run whose plan waits for an approval.',
    body: undoBody,
    answers: { 202: answers.runAnswer },
    errors: [400, 404, 409],
  },
  'POST /profiles/:id/plan': {
    summary: 'Make a preview: a plan that waits for a decision.',
    body: noBody,
    answers: { 202: answers.runAnswer },
    errors: [400, 404, 409],
  },
  'POST /profiles/:id/reset': {
    summary: 'Forget what a profile remembers of earlier syncs.',
    body: resetBody,
    answers: { 200: answers.resetAnswer },
    errors: [400, 404, 409],
  },
  'POST /profiles/:id/resume': {
    summary: "Let a profile go on, as Graph's resume; and confirm missing or empty files by name.",
    body: resumeBody,
    answers: { 200: null },
    errors: [400, 404, 409],
  },
  'GET /profiles/:id/quarantine': {
    summary: 'Why a profile is in quarantine, and until when.',
    answers: { 200: answers.quarantineAnswer },
    errors: [404],
  },
  'POST /profiles/:id/quarantine': {
    summary: 'Put a profile into quarantine.',
    body: quarantineBody,
    answers: { 200: answers.quarantineAnswer },
    errors: [400, 404, 409],
  },
  'POST /profiles/:id/initialPasswords': {
    summary: 'Read a page of the initial passwords that nobody was handed yet.',
    body: passwordPage,
    answers: { 200: answers.passwordsAnswer },
    errors: [400, 404, 409],
  },
  'POST /profiles/:id/initialPasswords/confirm': {
    summary: 'The passwords of an export have arrived: they are shown to nobody again.',
    body: passwordsArrived,
    answers: { 200: z.object({ handedOut: z.int() }) },
    errors: [400, 404, 409],
  },
  'GET /profiles/:id/runs': {
    summary: 'List the newest runs of a profile.',
    query: z.object({ $top: paging.$top }),
    answers: { 200: listOf(answers.runAnswer) },
    errors: [400, 404],
  },
  'GET /profiles/:id/events': {
    summary: 'Follow the status of a profile.',
    answers: { 200: events },
    errors: [404],
  },
  'GET /runs': {
    summary: 'List the runs of all profiles, the newest first.',
    query: z.object({
      ...paging,
      profileId: z.uuid().optional(),
      state: z.enum(RUN_STATES).optional().describe('One or several, with commas between them.'),
      from: z.string().optional().describe('A date or a moment: made since.'),
      to: z.string().optional().describe('A date or a moment: made until.'),
    }),
    answers: { 200: pageOf(answers.runAnswer) },
    errors: [400],
  },
  'GET /runs/:id': {
    summary: 'Read a run with its whole story and the first of its findings.',
    answers: { 200: answers.runStoryAnswer },
    errors: [404],
  },
  'GET /runs/:id/findings': {
    summary: 'List the findings of a run.',
    query: page,
    answers: { 200: pageOf(answers.findingAnswer) },
    errors: [400, 404],
  },
  'POST /runs/:id/cancel': {
    summary: 'Cancel a run: at once while it waits, between two batches while it is executed.',
    body: cancelBody,
    answers: { 200: answers.runAnswer, 202: answers.runAnswer },
    errors: [400, 404, 409],
  },
  'GET /runs/:id/events': {
    summary: 'Follow a run to its end.',
    answers: { 200: events, 204: null },
    errors: [404],
  },
  'GET /runs/:id/plan': {
    summary: 'Read the plan of a run, with the first of its schools.',
    answers: { 200: answers.planAnswer },
    errors: [404],
  },
  'GET /runs/:id/plan/schools': {
    summary: 'List the schools of a plan with their counts.',
    query: page,
    answers: { 200: answers.schoolPage },
    errors: [400, 404],
  },
  'GET /runs/:id/plan/items': {
    summary: 'List the changes of a plan.',
    query: z.object({ ...paging, ...itemFilterSchema.shape }),
    answers: { 200: pageOf(answers.planItemAnswer) },
    errors: [400, 404],
  },
  'GET /runs/:id/plan/items.csv': {
    summary: 'Download the changes of a plan as CSV.',
    query: itemFilterSchema,
    answers: { 200: 'text/csv' },
    errors: [400, 404],
  },
  'GET /runs/:id/plan/items.jsonl': {
    summary: 'Download the changes of a plan, one JSON object a line.',
    query: itemFilterSchema,
    answers: { 200: 'application/jsonl' },
    errors: [400, 404],
  },
  'POST /runs/:id/approve': decision('Approve a plan that waits: it is applied exactly as it is.'),
  'POST /runs/:id/reject': decision('Turn down a plan that waits: nothing of it is applied.'),
  'GET /notices': {
    summary: 'List notices, the newest first.',
    query: z.object({ ...paging, profileId: z.uuid().optional() }),
    answers: { 200: pageOf(answers.noticeAnswer) },
    errors: [400],
  },
  'GET /notices/:id/deliveries': {
    summary: 'What became of the deliveries of a notice.',
    answers: { 200: listOf(answers.deliveryAnswer) },
    errors: [404],
  },
  'POST /noticeChannels': {
    summary: 'Add a webhook or a mail address that notices go to.',
    body: newChannel,
    answers: { 201: z.looseObject({ ...answers.channelAnswer.shape, secret: z.string().optional() }) },
    errors: [400, 409],
  },
  'GET /noticeChannels': {
    summary: 'List where notices go.',
    answers: { 200: listOf(answers.channelAnswer) },
  },
  'GET /noticeChannels/:id': {
    summary: 'Read a channel.',
    answers: { 200: answers.channelAnswer },
    errors: [404],
  },
  'PATCH /noticeChannels/:id': {
    summary: 'Change a channel.',
    body: changedChannel,
    answers: { 200: answers.channelAnswer },
    errors: [400, 404],
  },
  'DELETE /noticeChannels/:id': {
    summary: 'Remove a channel.',
    answers: { 204: null },
    errors: [404],
  },
  'POST /noticeChannels/:id/test': {
    summary: 'Send a test notice now.',
    body: noBody,
    answers: { 200: z.looseObject({}) },
    errors: [400, 404],
  },
  'POST /noticeChannels/:id/rotateSecret': {
    summary: 'Give a webhook another secret.',
    body: noBody,
    answers: { 200: z.looseObject({ ...answers.channelAnswer.shape, secret: z.string() }) },
    errors: [400, 404],
  },
  'GET /referenceLists': {
    summary: 'List the values that columns may have.',
    answers: { 200: listOf(answers.listAnswer) },
  },
  'GET /referenceLists/:list': {
    summary: 'Read one list of values.',
    answers: { 200: answers.listAnswer },
    errors: [404],
  },
  'PUT /referenceLists/:list/values/:code': {
    summary: 'Add a value of your own, or switch one of the list on or off.',
    body: valueChange,
    answers: { 200: answers.valueAnswer, 201: answers.valueAnswer },
    errors: [400, 404, 409],
  },
  'DELETE /referenceLists/:list/values/:code': {
    summary: 'Remove a value of your own.',
    answers: { 204: null },
    errors: [404, 409],
  },
  'POST /users/import': {
    summary: 'Make or change accounts by hand, many at once, by user name.',
    body: importRows,
    bodyTypes: ['text/csv'],
    answers: { 200: answers.importAnswer },
    errors: [400, 413],
  },
  'GET /orgs': {
    ...roster('schools and what is above them'),
    query: z.object({
      ...paging,
      includeInactive: z.boolean().optional(),
      type: z.string().optional(),
      parent: z.string().optional(),
    }),
  },
  'GET /academicSessions': roster('academic sessions'),
  'GET /courses': roster('courses'),
  'GET /classes': roster('classes'),
  'GET /users/:id/roles': roster('the roles of a person'),
  'GET /users/:id/contacts': roster('the contacts of a student'),
  'GET /users/:id/enrollments': roster('the enrollments of a person'),
  'GET /classes/:id/enrollments': roster('the enrollments of a class'),
  'GET /classes/:id/academicSessions': roster('the academic sessions of a class'),
  'GET /orgs/:id': rosterOne('a school, or what is above it'),
  'GET /academicSessions/:id': rosterOne('an academic session'),
  'GET /courses/:id': rosterOne('a course'),
  'GET /classes/:id': rosterOne('a class'),
  'GET /users/:id': rosterOne('a person'),
  'GET /users/:id/demographics': {
    summary: 'Read the demographics of a person.',
    answers: { 200: z.looseObject({}) },
    errors: [400, 404],
  },
  'POST /applications': {
    summary: 'Make an application of the tenant.',
    body: newApplication,
    answers: { 201: answers.newSecretAnswer },
    errors: [400],
  },
  'GET /applications': {
    summary: 'List the applications of the tenant.',
    answers: { 200: listOf(answers.applicationAnswer) },
  },
  'GET /applications/:id': {
    summary: 'Read an application.',
    answers: { 200: answers.applicationAnswer },
    errors: [404],
  },
  'GET /applications/:id/events': {
    summary: 'What was done with an application.',
    answers: { 200: listOf(z.looseObject({ at: z.iso.datetime() })) },
    errors: [404],
  },
  'PATCH /applications/:id': {
    summary: 'Change the name or the permissions of an application.',
    body: applicationChange,
    answers: { 200: answers.applicationAnswer },
    errors: [400, 404, 409],
  },
  'DELETE /applications/:id': {
    summary: 'Revoke an application.',
    answers: { 204: null },
    errors: [404, 409],
  },
  'POST /applications/:id/rotateSecret': {
    summary: 'Give an application another secret beside the old one.',
    body: secretRotation,
    answers: { 200: answers.newSecretAnswer },
    errors: [400, 404, 409],
  },
  'POST /tenants': {
    summary: 'Make a tenant with its administrator.',
    body: newTenant,
    answers: { 201: answers.newSecretAnswer },
    errors: [400, 409],
  },
  'GET /tenants': {
    summary: 'List the tenants.',
    answers: { 200: listOf(answers.tenantAnswer) },
  },
};
