import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import type { Check } from '#core/doctor/check.ts';
import { judgeMemory, judgeNode, judgeOpenFiles, judgeTimeZone } from '#core/doctor/judge-machine.ts';

import type { Patient } from './examine.ts';

/** Node.js, memory, open files and the time zone of the process. */
export async function examineMachine({ settings }: Patient): Promise<Check[]> {
  // 0, or more than there is: the container has no limit of its own.
  const limit = process.constrainedMemory();
  const totalBytes = limit > 0 && limit < totalmem() ? limit : totalmem();
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [
    judgeNode(process.versions.node),
    judgeMemory({
      totalBytes,
      availableBytes: process.availableMemory(),
      ownDatabase: settings.databaseUrl === undefined,
    }),
    judgeOpenFiles(await readOpenFilesLimit()),
    judgeTimeZone(zone, process.env['TZ']),
  ];
}

async function readOpenFilesLimit(): Promise<number | null> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? null : Number(soft);
}
