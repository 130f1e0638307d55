import type { MeasuredSync, SyncsReport } from './syncs.ts';

/** The report as docs/performance.md has it: what the caller saw, what the processes used, and a chart of both processes' work. */
export function syncsAsMarkdown({ size, syncs, parseSeconds, bareCopy }: SyncsReport): string {
  const times = (value: number, to: number | undefined): string =>
    to === undefined ? '' : (value / to).toFixed(2);
  const seen = syncs.map((sync) => [
    sync.name,
    sync.seconds.toFixed(1),
    ...stagesOf(sync).map((seconds) => seconds.toFixed(1)),
    Math.round(sync.rowsPerSecond).toLocaleString('en'),
    sync.items.toLocaleString('en'),
    times(sync.seconds, parseSeconds),
    times(sync.seconds, bareCopy?.seconds),
    `${sync.statusP99Ms.toFixed(0)} ms`,
    `${sync.loopP99Ms.toFixed(0)} ms`,
  ]);
  const used = syncs.flatMap(({ name, resources }) =>
    resources === null
      ? []
      : [
          [
            name,
            ...[resources.rollbook, resources.postgres].flatMap((of) => [
              of.cpuSeconds.toFixed(1),
              mebibytes(of.peakMemoryBytes),
              mebibytes(of.writtenBytes),
            ]),
            mebibytes(resources.postgres.walBytes),
          ],
        ],
  );
  return [
    table(
      [
        size,
        'seconds',
        'staging',
        'planning',
        'applying',
        'rows/s',
        'changes',
        'x udsv',
        'x bare COPY',
        'status p99',
        'event loop late, p99',
      ],
      seen,
    ),
    table(
      [
        'CPU seconds, memory, bytes written',
        'Rollbook: CPU',
        'memory',
        'written',
        'PostgreSQL: CPU',
        'memory',
        'written',
        'of it log',
      ],
      used,
    ),
    chart(syncs),
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** CPU seconds, since they tell less of what else the machine did. */
function chart(syncs: readonly MeasuredSync[]): string {
  const of = (name: 'rollbook' | 'postgres'): string =>
    syncs.map(({ resources }) => (resources?.[name].cpuSeconds ?? 0).toFixed(1)).join(', ');
  return [
    '```mermaid',
    'xychart-beta horizontal',
    '  title "CPU seconds of a sync: PostgreSQL (bars), Rollbook (line)"',
    `  x-axis [${syncs.map(({ name }) => `"${name}"`).join(', ')}]`,
    '  y-axis "CPU seconds"',
    `  bar [${of('postgres')}]`,
    `  line [${of('rollbook')}]`,
    '```',
  ].join('\n');
}

/** Seconds of staging, planning and applying, as the run recorded them; a file of the upload is part of staging. */
function stagesOf({ timings }: MeasuredSync): [staging: number, planning: number, applying: number] {
  const stages: [number, number, number] = [0, 0, 0];
  for (const [name, ms] of Object.entries(timings))
    stages[name === 'plan' ? 1 : name.startsWith('apply ') ? 2 : 0] += ms / 1_000;
  return stages;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`;
}
