import { OperationalError } from '#lib/errors.ts';
import { faultsOfOidc } from './oidc-settings.ts';
import { readValue } from './setting-value.ts';
import {
  flagOf,
  SETTING_NAMES,
  type SettingDefinition,
  type SettingName,
  SETTINGS,
  type Settings,
} from './settings.ts';
import { faultsOfStore } from './store-settings.ts';

/** file: what was made or found under DATA_DIR; the caller of resolveSettings knows. */
export type SettingOrigin = 'flag' | 'environment' | 'default' | 'file';

export interface ResolvedSettings {
  readonly values: Settings;
  readonly origins: Readonly<Record<SettingName, SettingOrigin>>;
}

/** A setting has a value that it cannot have; the message names setting, origin and what is possible, one line each. */
export class SettingsError extends OperationalError {
  override readonly name = 'SettingsError';
  constructor(message: string) {
    super('SettingsInvalid', message);
  }
}

/**
 * Flag before environment before default; an empty value counts as none. `flags` by flag name without dashes; others in it are
 * left alone. Errors: SettingsError, about all wrong values at once.
 */
export function resolveSettings(input: {
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}): ResolvedSettings {
  const values: Record<string, unknown> = {};
  const origins: Record<string, SettingOrigin> = {};
  const faults: string[] = [];
  for (const name of SETTING_NAMES) {
    const definition: SettingDefinition = SETTINGS[name];
    const { text, origin } = findText(name, definition, input);
    origins[name] = origin;
    if (text === undefined) continue;
    const read = readValue(definition.type, text);
    if ('fault' in read) {
      const place =
        origin === 'flag'
          ? `--${flagOf(name)}`
          : origin === 'environment'
            ? `${definition.env} (environment)`
            : `${definition.env} (default)`;
      const shown = definition.secret === true ? '' : ` is "${text.slice(0, 100)}" and`;
      faults.push(`${place}${shown} has to be ${read.fault}.`);
    } else values[name] = read.value;
  }
  if ((values['tlsCert'] === undefined) !== (values['tlsKey'] === undefined)) {
    faults.push('TLS_CERT and TLS_KEY belong together: give both or none.');
  }
  if ((values['smtpUrl'] === undefined) !== (values['smtpFrom'] === undefined)) {
    faults.push('SMTP_URL and SMTP_FROM belong together: give both or none.');
  }
  faults.push(...faultsOfOidc(values), ...faultsOfStore(values));
  if (values['port'] === 'off' && values['httpsPort'] === 'off' && values['mode'] !== 'worker') {
    faults.push('PORT and HTTPS_PORT are both off: nobody could reach Rollbook.');
  }
  if (faults.length > 0) throw new SettingsError(faults.join('\n'));
  return {
    values: values as unknown as Settings,
    origins: origins as Record<SettingName, SettingOrigin>,
  };
}

function findText(
  name: SettingName,
  definition: SettingDefinition,
  input: Parameters<typeof resolveSettings>[0],
): { text: string | undefined; origin: SettingOrigin } {
  const flag = input.flags[flagOf(name)];
  if (flag !== undefined && flag !== '') return { text: flag, origin: 'flag' };
  const variable = input.env[definition.env]?.trim();
  if (variable !== undefined && variable !== '') return { text: variable, origin: 'environment' };
  return { text: definition.fallback, origin: 'default' };
}

/** The value as it may be printed: secrets masked, the password of a URL too; '' when there is none. */
export function printableValue(name: SettingName, value: Settings[SettingName]): string {
  if (value === undefined) return '';
  const { secret, type }: SettingDefinition = SETTINGS[name];
  if (secret !== true) return String(value);
  if (type !== 'postgresUrl' && type !== 'smtpUrl') return '********';
  return (
    String(value)
      // To the last @: a password that holds what should have been written with a percent sign is hidden as well.
      .replace(/^(\w+:\/\/[^:@/?]*):.*@/, '$1:********@')
      .replace(/([?&](?:password|sslpassword)=)[^&]*/gi, '$1********')
  );
}
