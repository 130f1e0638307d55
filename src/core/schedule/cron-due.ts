import { nextCronTime } from './cron.ts';

/** How far the scheduler is with a cron line: profile_schedule. */
export interface CronState {
  /** cronKey of what dueAt was made from. */
  readonly cron: string | null;
  readonly dueAt: Date | null;
}

/** The line together with its zone: another one of either is another schedule. */
export function cronKey(line: string, zone: string): string {
  return `${line} ${zone}`;
}

/**
 * The next state, and whether the line fires now. What was missed while nobody looked is caught up once: the next time lies behind now
 * and behind what fired. A clock that is set back therefore never fires a time twice: it waits until the stored time comes.
 */
export function stepCron(
  state: CronState,
  wanted: { readonly line: string; readonly zone: string } | null,
  now: Date,
): { readonly state: CronState; readonly fires: boolean } {
  if (wanted === null) return { state: { cron: null, dueAt: null }, fires: false };
  const { line, zone } = wanted;
  const cron = cronKey(line, zone);
  if (state.cron !== cron) return { state: { cron, dueAt: nextCronTime(line, zone, now) }, fires: false };
  if (state.dueAt === null || state.dueAt > now) return { state, fires: false };
  return { state: { cron, dueAt: nextCronTime(line, zone, now) }, fires: true };
}
