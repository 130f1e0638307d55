import type { FastifyInstance } from 'fastify';

import type { HttpContext } from '../context.ts';
import { registerCancelRun } from './cancel-run.ts';
import { registerExpirations } from './expirations.ts';
import { registerFollowEvents } from './follow-events.ts';
import { registerInitialPasswords } from './initial-passwords.ts';
import { registerListRuns } from './list-runs.ts';
import { registerPlans } from './plans.ts';
import { registerNoticeChannels } from './notice-channels.ts';
import { registerNotices } from './notices.ts';
import { registerProfileSettings } from './profile-settings.ts';
import { registerQuarantine } from './quarantine.ts';
import { registerReferenceLists } from './reference-lists.ts';
import { registerResetScopes } from './reset-scopes.ts';
import { registerResumeWithConfirmation } from './resume-with-confirmation.ts';
import { registerRuns } from './runs.ts';
import { registerSchedule } from './schedule.ts';

/** What Graph has no operation for. `scope`: that of /api/v1. */
export function registerOwnApi(scope: FastifyInstance, context: HttpContext): void {
  registerProfileSettings(scope, context);
  registerResumeWithConfirmation(scope, context);
  registerResetScopes(scope, context);
  registerQuarantine(scope, context);
  registerInitialPasswords(scope, context);
  registerRuns(scope, context);
  registerListRuns(scope, context);
  registerCancelRun(scope, context);
  registerFollowEvents(scope, context);
  registerPlans(scope, context);
  registerSchedule(scope, context);
  registerExpirations(scope, context);
  registerNoticeChannels(scope, context);
  registerNotices(scope, context);
  registerReferenceLists(scope, context);
}
