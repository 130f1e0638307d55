import { type Limit, type LimitRule, readLimitRules } from '../plan/limits.ts';
import {
  ROSTER_FORMATS,
  type RosterFormat,
  WINDOWS_ENCODINGS,
  type WindowsEncoding,
} from '../roster/formats.ts';
import { readSchedule } from '../schedule/schedule-settings.ts';
import { guessedZone } from '../schedule/time-zone.ts';
import { type AcceptedDomains, ANY_DOMAIN, changeAcceptedDomains } from '../users/accepted-domains.ts';
import { NOTHING_SCHEDULED, type Schedule } from '../schedule/schedule.ts';

/** When a plan is applied without asking. atOnce: whatever the verdict; whenClean: when no breaker holds it; alwaysAsk: never. */
export const APPLY_POLICIES = ['atOnce', 'whenClean', 'alwaysAsk'] as const;
export type ApplyPolicy = (typeof APPLY_POLICIES)[number];

/**
 * Who a record is of whose id somebody of the other kind had in a format in which students and teachers have ids of their own, when nothing
 * else tells: an error until it is known, that person, or somebody else.
 */
export const IDS_ACROSS_KINDS = ['ask', 'samePerson', 'differentPeople'] as const;
export type IdsAcrossKinds = (typeof IDS_ACROSS_KINDS)[number];

/**
 * What Graph has no property for, per profile: kept in profile.settings, edited through /api/v1/profiles/{id}/settings.
 * Rules and defaults: docs/spec/status.md.
 */
export interface ProfileSettings {
  /** Format of the files; auto: recognized from their names and headers. */
  readonly format: RosterFormat | 'auto';
  /** Encoding of files that are neither UTF-8 nor UTF-16; auto: found out, and said. */
  readonly encoding: WindowsEncoding | 'auto';
  /** Record errors of one file that are let pass: the larger of both. `strict`: none. */
  readonly tolerance: Limit | 'strict';
  /** Deactivations or ended enrollments of one kind, over the whole plan, that are let pass: the larger of both. */
  readonly deactivationLimit: Limit;
  /** Limits in place of the defaults, by school, kind and action. */
  readonly limits: readonly LimitRule[];
  /** New people without a matching account that are let pass: the larger of both, of all people in the files. */
  readonly unmatchedLimit: Limit;
  /** Hours over which changes are added up before they are judged, so that two small uploads count as one large one. */
  readonly limitWindowHours: number;
  /** A person that another source system of the tenant brought in already is linked when the user name is the same. */
  readonly linkByUserName: boolean;
  readonly idsAcrossKinds: IdsAcrossKinds;
  readonly acceptedDomains: AcceptedDomains;
  readonly applyPolicy: ApplyPolicy;
  /** When it syncs by itself, and when it does not. */
  readonly schedule: Schedule;
}

export const DEFAULT_PROFILE_SETTINGS: ProfileSettings = {
  format: 'auto',
  encoding: 'auto',
  tolerance: { percent: 1, count: 10 },
  deactivationLimit: { percent: 10, count: 25 },
  limits: [],
  unmatchedLimit: { percent: 20, count: 25 },
  limitWindowHours: 7 * 24,
  linkByUserName: false,
  idsAcrossKinds: 'ask',
  acceptedDomains: ANY_DOMAIN,
  applyPolicy: 'whenClean',
  schedule: NOTHING_SCHEDULED,
};

/** The settings as stored (an object with any of the properties), with defaults for the rest. */
export function readProfileSettings(stored: unknown): ProfileSettings {
  const checked = mergeSettings(DEFAULT_PROFILE_SETTINGS, stored);
  return 'settings' in checked ? checked.settings : DEFAULT_PROFILE_SETTINGS;
}

export type SettingsChange =
  | { readonly settings: ProfileSettings }
  | { readonly problem: { readonly property: string; readonly message: string } };

const MAX_WINDOW_HOURS = 366 * 24;
const LIMIT_SHAPE = '{"percent": 0 to 100, "count": 0 or more}';

/**
 * `before` with the properties that `change` names, as a client sends them; the first problem when it is not a change of settings. What is there
 * already stays, even if it would be refused today: what else is changed is not refused for its sake.
 */
export function changeProfileSettings(before: ProfileSettings, change: unknown): SettingsChange {
  const changed = mergeSettings(before, change);
  if ('problem' in changed) return changed;
  const zone = changed.settings.schedule.timeZone;
  if (zone === null || zone === before.schedule.timeZone) return changed;
  const guessed = guessedZone(zone);
  if (guessed === null) return changed;
  return problem(
    'schedule.timeZone',
    `"${zone}" means several time zones. Use the name of a place: "${guessed}" if that is meant, or another IANA name such as "America/New_York" or "Europe/Berlin".`,
  );
}

function mergeSettings(before: ProfileSettings, change: unknown): SettingsChange {
  if (!isObject(change)) return problem('settings', 'Send a JSON object with the settings to change.');
  let settings = before;
  for (const [property, value] of Object.entries(change)) {
    switch (property) {
      case 'tolerance': {
        if (value !== 'strict' && !isLimit(value))
          return problem(property, `Use ${LIMIT_SHAPE} or "strict".`);
        settings = { ...settings, tolerance: value === 'strict' ? value : limit(value) };
        break;
      }
      case 'deactivationLimit':
      case 'unmatchedLimit': {
        if (!isLimit(value)) return problem(property, `Use ${LIMIT_SHAPE}.`);
        settings = { ...settings, [property]: limit(value) };
        break;
      }
      case 'limits': {
        const read = readLimitRules(value);
        if ('problem' in read) return problem(property, read.problem);
        settings = { ...settings, limits: read.rules };
        break;
      }
      case 'limitWindowHours': {
        if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > MAX_WINDOW_HOURS)
          return problem(property, `Use a whole number of hours, 1 to ${MAX_WINDOW_HOURS}.`);
        settings = { ...settings, limitWindowHours: value };
        break;
      }
      case 'linkByUserName': {
        if (typeof value !== 'boolean') return problem(property, 'Use true or false.');
        settings = { ...settings, linkByUserName: value };
        break;
      }
      case 'acceptedDomains': {
        const acceptedDomains = changeAcceptedDomains(settings.acceptedDomains, value);
        if (acceptedDomains === null)
          return problem(
            property,
            'Use {"student": [...], "teacher": [...]} with domain names such as contoso.edu, at most 100 each; [] for any.',
          );
        settings = { ...settings, acceptedDomains };
        break;
      }
      case 'idsAcrossKinds': {
        const idsAcrossKinds = IDS_ACROSS_KINDS.find((known) => known === value);
        if (idsAcrossKinds === undefined)
          return problem(property, `Use one of ${IDS_ACROSS_KINDS.join(', ')}.`);
        settings = { ...settings, idsAcrossKinds };
        break;
      }
      case 'format': {
        const format = (['auto', ...ROSTER_FORMATS] as const).find((known) => known === value);
        if (format === undefined) return problem(property, `Use one of auto, ${ROSTER_FORMATS.join(', ')}.`);
        settings = { ...settings, format };
        break;
      }
      case 'encoding': {
        const encoding = (['auto', ...WINDOWS_ENCODINGS] as const).find((known) => known === value);
        if (encoding === undefined)
          return problem(property, `Use one of auto, ${WINDOWS_ENCODINGS.join(', ')}.`);
        settings = { ...settings, encoding };
        break;
      }
      case 'applyPolicy': {
        const policy = APPLY_POLICIES.find((known) => known === value);
        if (policy === undefined) return problem(property, `Use one of ${APPLY_POLICIES.join(', ')}.`);
        settings = { ...settings, applyPolicy: policy };
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
