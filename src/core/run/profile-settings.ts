/**
 * What Graph has no property for, per profile: kept in profile.settings, edited through /api/v1/profiles/{id}/settings.
 * Rules and defaults: docs/spec/status.md.
 */
import { readSchedule } from '../schedule/schedule-settings.ts';
import { NOTHING_SCHEDULED, type Schedule } from '../schedule/schedule.ts';

export interface Limit {
  readonly percent: number;
  readonly count: number;
}

export interface ProfileSettings {
  /** Record errors of one file that are let pass: the larger of both. `strict`: none. */
  readonly tolerance: Limit | 'strict';
  /** Deactivations or ended enrollments of one kind that are let pass: the larger of both. */
  readonly deactivationLimit: Limit;
  /** A person that another source system of the tenant brought in already is linked when the user name is the same. */
  readonly linkByUserName: boolean;
  /** Every plan that changes something waits for `resume`. */
  readonly alwaysAsk: boolean;
  /** When it syncs by itself, and when it does not. */
  readonly schedule: Schedule;
}

export const DEFAULT_PROFILE_SETTINGS: ProfileSettings = {
  tolerance: { percent: 1, count: 10 },
  deactivationLimit: { percent: 10, count: 25 },
  linkByUserName: false,
  alwaysAsk: false,
  schedule: NOTHING_SCHEDULED,
};

/** How many of `total` a limit lets pass: the larger of the percentage (rounded down) and the count; `strict`: 0. */
export function allowedOf(limit: Limit | 'strict', total: number): number {
  if (limit === 'strict') return 0;
  return Math.max(limit.count, Math.floor((limit.percent * total) / 100));
}

/** The settings as stored (an object with any of the properties), with defaults for the rest. */
export function readProfileSettings(stored: unknown): ProfileSettings {
  const checked = changeProfileSettings(DEFAULT_PROFILE_SETTINGS, stored);
  return 'settings' in checked ? checked.settings : DEFAULT_PROFILE_SETTINGS;
}

export type SettingsChange =
  | { readonly settings: ProfileSettings }
  | { readonly problem: { readonly property: string; readonly message: string } };

/** `before` with the properties that `change` names; the first problem when it is not a change of settings. */
export function changeProfileSettings(before: ProfileSettings, change: unknown): SettingsChange {
  if (!isObject(change)) return problem('settings', 'Send a JSON object with the settings to change.');
  let settings = before;
  for (const [property, value] of Object.entries(change)) {
    switch (property) {
      case 'tolerance': {
        if (value !== 'strict' && !isLimit(value))
          return problem(property, `Use {"percent": 0 to 100, "count": 0 or more} or "strict".`);
        settings = { ...settings, tolerance: value === 'strict' ? value : limit(value) };
        break;
      }
      case 'deactivationLimit': {
        if (!isLimit(value)) return problem(property, `Use {"percent": 0 to 100, "count": 0 or more}.`);
        settings = { ...settings, deactivationLimit: limit(value) };
        break;
      }
      case 'linkByUserName':
      case 'alwaysAsk': {
        if (typeof value !== 'boolean') return problem(property, 'Use true or false.');
        settings = { ...settings, [property]: value };
        break;
      }
      case 'schedule': {
        const read = readSchedule(value);
        if ('problem' in read) return read;
        settings = { ...settings, schedule: read.schedule };
        break;
      }
      default:
        return problem(
          property,
          `There is no setting '${property}'. Settings: ${Object.keys(DEFAULT_PROFILE_SETTINGS).join(', ')}.`,
        );
    }
  }
  return { settings };
}

function problem(property: string, message: string): SettingsChange {
  return { problem: { property, message } };
}

function limit(value: Limit): Limit {
  return { percent: value.percent, count: value.count };
}

function isLimit(value: unknown): value is Limit {
  if (!isObject(value)) return false;
  const { percent, count, ...rest } = value;
  return (
    Object.keys(rest).length === 0 &&
    typeof percent === 'number' &&
    percent >= 0 &&
    percent <= 100 &&
    typeof count === 'number' &&
    Number.isInteger(count) &&
    count >= 0
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
