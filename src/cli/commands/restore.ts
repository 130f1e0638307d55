import { resolve } from 'node:path';

import { resolveSettings } from '#core/resolve-settings.ts';

import type { Command } from '../command.ts';
import { endWhenInterrupted } from '../exit-codes.ts';
import { plural } from '../view/format.ts';
import { copyProgress } from './backup.ts';

export const restoreCommand: Command = {
  name: 'restore',
  summary: 'Read a copy made by backup into the database.',
  description: [
    'No Rollbook may run on the database meanwhile. A database that holds a tenant already is replaced only with --force. Whatever goes wrong, it stays as it was.',
    'The SECRET_KEY must be the one that was in use when the copy was made.',
  ],
  arguments: [{ name: 'file', summary: 'A file that backup wrote.' }],
  options: { force: { type: 'boolean', summary: 'Replace what the database holds.' } },
  shared: ['place', 'progress', 'output'],
  examples: [
    {
      line: 'rollbook restore rollbook-2026-09-01.backup --data-dir ./restored',
      summary: 'Into a new data directory.',
    },
  ],
  exits: [],
  async run(call) {
    const { values } = resolveSettings({ flags: call.given, env: call.io.env });
    const file = resolve(call.argument('file'));
    const report = await call.deps.restore(values, file, {
      force: call.flag('force'),
      onProgress: (progress) => {
        endWhenInterrupted(call);
        call.view.progress(copyProgress('restoring', progress));
      },
    });
    for (const warning of report.warnings) call.view.warn(warning);
    call.view.result({
      document: { file, ...report },
      lines: [`Restored: ${plural(report.rows, 'row')} of the copy made ${report.createdAt}`],
    });
    return 'ok';
  },
};
