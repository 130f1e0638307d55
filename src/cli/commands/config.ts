import { printableValue, resolveSettings, type SettingOrigin } from '#core/resolve-settings.ts';
import { SETTING_NAMES, SETTINGS } from '#core/settings.ts';

import type { Command } from '../command.ts';
import { textTable } from '../view/text-table.ts';

const ORIGINS: Readonly<Record<SettingOrigin, string>> = {
  flag: 'option',
  environment: 'environment',
  default: 'default',
  file: 'DATA_DIR',
};

export const configCommand: Command = {
  name: 'config',
  summary: 'Print the settings, and where each comes from.',
  description: [
    'The settings that serve would use if it were called here with the same options. Secrets are masked.',
  ],
  arguments: [],
  options: {},
  shared: ['serveSettings', 'output'],
  examples: [{ line: 'rollbook config', summary: 'What a service started here would use.' }],
  exits: [],
  async run(call) {
    const { values, origins } = resolveSettings({ flags: call.given, env: call.io.env });
    const rows = SETTING_NAMES.map((name) => ({
      name: SETTINGS[name].env,
      value: printableValue(name, values[name]),
      origin: ORIGINS[origins[name]],
      what: SETTINGS[name].sentence,
    }));
    call.view.result({
      document: { settings: rows.map(({ name, value, origin }) => ({ name, value, origin })) },
      lines: textTable(
        ['setting', 'value', 'from'].map((title) => ({ title })),
        rows.map(({ name, value, origin }) => [name, value === '' ? '-' : value, origin]),
      ),
    });
    return 'ok';
  },
};
