import type { FastifyInstance } from 'fastify';

import type { HttpContext } from '../context.ts';
import { registerNoticeChannels } from './notice-channels.ts';
import { registerNotices } from './notices.ts';
import { registerProfileSettings } from './profile-settings.ts';
import { registerResumeWithConfirmation } from './resume-with-confirmation.ts';
import { registerRuns } from './runs.ts';

/** What Graph has no operation for. `scope`: that of /api/v1. */
export function registerOwnApi(scope: FastifyInstance, context: HttpContext): void {
  registerProfileSettings(scope, context);
  registerResumeWithConfirmation(scope, context);
  registerRuns(scope, context);
  registerNoticeChannels(scope, context);
  registerNotices(scope, context);
}
