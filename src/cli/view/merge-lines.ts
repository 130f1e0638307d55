import type { RunAnswer } from '../client/answers.ts';
import { formatCount, printable, wrap } from './format.ts';
import { textTable } from './text-table.ts';

type Merge = NonNullable<NonNullable<RunAnswer['counts']>['merge']>;

const FROM: Readonly<Record<Merge['files'][number]['from'], string>> = {
  delta: 'changes, and the rest of the set before',
  bulk: 'whole',
  kept: 'as in the set before',
};

/** What a run with delta files was made of. */
export function mergeLines({ counts }: RunAnswer, width: number): string[] {
  const merge = counts?.merge;
  if (!merge) return [];
  const right = { align: 'right' as const };
  const head = `Changes of the upload of ${moment(merge.deltaSealedAt)} (${merge.deltaUploadId}), merged into the set of ${moment(merge.baseSealedAt)} (${merge.baseUploadId}).`;
  const table = textTable(
    [
      { title: 'file' },
      { title: 'uploaded', ...right },
      { title: 'outdated', ...right },
      { title: 'replaced', ...right },
      { title: 'kept', ...right },
      { title: 'from' },
    ],
    merge.files.map(({ file, deltaRows, outdatedRows, replacedRows, keptRows, from }) => [
      printable(file),
      ...[deltaRows, outdatedRows, replacedRows, keptRows].map(formatCount),
      FROM[from],
    ]),
  );
  return [...wrap(printable(head), width, '  '), ...table.map((line) => `  ${line}`)];
}

function moment(text: string): string {
  return text.slice(0, 19).replace('T', ' ');
}
