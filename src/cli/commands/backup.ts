import { resolve } from 'node:path';

import { resolveSettings } from '#core/resolve-settings.ts';
import type { CopyProgress } from '#storage/backup.ts';

import type { Command } from '../command.ts';
import { endWhenInterrupted } from '../exit-codes.ts';
import { formatBytes, plural } from '../view/format.ts';
import type { Progress } from '../view/progress-meter.ts';

export const backupCommand: Command = {
  name: 'backup',
  summary: 'Write a consistent copy of the database to a file.',
  description: [
    'Works while the service runs, too. Not in it: the SECRET_KEY (keep DATA_DIR/secret.key apart from the copy, and safe: without it the secrets in the copy cannot be read), the credentials, and the uploaded files.',
    'The file is a logical copy: restore takes it into a newer PostgreSQL as well.',
  ],
  arguments: [{ name: 'file', summary: 'The file to write.' }],
  options: { force: { type: 'boolean', summary: 'Replace the file when it exists.' } },
  shared: ['place', 'progress', 'output'],
  examples: [{ line: 'rollbook backup rollbook-2026-09-01.backup', summary: 'A copy of this day.' }],
  exits: [],
  async run(call) {
    const { values } = resolveSettings({ flags: call.given, env: call.io.env });
    const file = resolve(call.argument('file'));
    const report = await call.deps.backup(values, file, {
      force: call.flag('force'),
      onProgress: (progress) => {
        endWhenInterrupted(call);
        call.view.progress(copyProgress('copying', progress));
      },
    });
    call.view.result({
      document: { file, ...report },
      lines: [
        `Written: ${file} (${plural(report.tables, 'table')}, ${plural(report.rows, 'row')}, ${formatBytes(report.sizeBytes)})`,
      ],
    });
    return 'ok';
  },
};

export function copyProgress(stage: string, { rowsDone, rowsTotal }: CopyProgress): Progress {
  const percent = rowsTotal === 0 ? 100 : (rowsDone / rowsTotal) * 100;
  return { stage, percent, done: rowsDone, total: rowsTotal, unit: 'rows' };
}
