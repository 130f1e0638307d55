import { flagOf, SETTING_NAMES, SETTINGS, type SettingDefinition, type SettingName } from '#core/settings.ts';

import type { Command, OptionDefinition, SharedOptions } from './command.ts';
import { PROGRESS_MODES } from './view/progress-meter.ts';

export interface OptionGroup {
  readonly title: string;
  readonly note: string | null;
  readonly options: Readonly<Record<string, OptionDefinition>>;
  /** Taken, but listed elsewhere: help shows the note alone. */
  readonly unlisted?: true;
}

const CLIENT: OptionGroup = {
  title: 'Connection',
  note: 'Without these, the command talks to the Rollbook that runs on the data directory; when none runs, it starts one for as long as it takes.',
  options: {
    url: {
      type: 'string',
      value: '<address>',
      summary: 'Address of the service; ROLLBOOK_URL.',
    },
    tenant: { type: 'string', value: '<id>', summary: 'Tenant of the application; ROLLBOOK_TENANT.' },
    'client-id': {
      type: 'string',
      value: '<id>',
      summary: 'Application to sign in with; ROLLBOOK_CLIENT_ID.',
    },
    'client-secret': {
      type: 'string',
      value: '<secret>',
      summary: 'Its secret; better in ROLLBOOK_CLIENT_SECRET, since command lines can be seen by others.',
    },
    credentials: {
      type: 'string',
      value: '<file>',
      summary: 'File with tenantId, clientId and clientSecret; default DATA_DIR/credentials.json.',
    },
  },
};

const OUTPUT: OptionGroup = {
  title: 'Output',
  note: null,
  options: {
    json: { type: 'boolean', summary: 'Print one JSON document on stdout, for scripts.' },
    quiet: { type: 'boolean', summary: 'Print the result and warnings only.' },
  },
};

const PROGRESS: OptionGroup = {
  title: 'Progress',
  note: null,
  options: {
    progress: {
      type: 'string',
      value: `<${PROGRESS_MODES.join('|')}>`,
      summary:
        'How progress is shown, on stderr. auto: a bar on a terminal, else a line per stage and every ten seconds.',
    },
  },
};

const HELP: OptionGroup = {
  title: 'Help',
  note: null,
  options: { help: { type: 'boolean', summary: 'Print the help of this command.' } },
};

/** Every setting of the service as an option; the sentences are those of core/settings. */
const SETTING_OPTIONS: OptionGroup = {
  title: 'Settings',
  note: 'Each is also an environment variable, named in brackets; the option wins.',
  options: Object.fromEntries(SETTING_NAMES.map((name) => [flagOf(name), settingOption(name)])),
};

const SERVE_SETTINGS: OptionGroup = {
  ...SETTING_OPTIONS,
  note: 'Those of serve, for instance --port, --https-port, --host and --data-dir: see rollbook serve --help.',
  unlisted: true,
};

const PLACE: OptionGroup = {
  title: 'Data directory',
  note: null,
  options: Object.fromEntries(
    (['dataDir', 'databaseUrl'] as const).map((name) => [flagOf(name), settingOption(name)]),
  ),
};

function settingOption(name: SettingName): OptionDefinition {
  const { env, fallback, sentence }: SettingDefinition = SETTINGS[name];
  const otherwise = fallback === undefined ? '' : ` Default: ${fallback}.`;
  return { type: 'string', value: '<value>', summary: `${sentence}${otherwise} [${env}]` };
}

const GROUPS: Readonly<Record<SharedOptions, OptionGroup>> = {
  client: CLIENT,
  place: PLACE,
  settings: SETTING_OPTIONS,
  serveSettings: SERVE_SETTINGS,
  progress: PROGRESS,
  output: OUTPUT,
};

/** The option groups of a command, its own options first. */
export function optionGroups(command: Command): OptionGroup[] {
  const own: OptionGroup = { title: 'Options', note: null, options: command.options };
  return [
    ...(Object.keys(command.options).length === 0 ? [] : [own]),
    ...command.shared.map((name) => GROUPS[name]),
    HELP,
  ];
}

/** All options of a command by name. */
export function optionsOf(command: Command): Readonly<Record<string, OptionDefinition>> {
  return Object.assign({}, ...optionGroups(command).map(({ options }) => options));
}
