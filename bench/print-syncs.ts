import type { MeasuredSync, SyncsReport } from './syncs.ts';

/** What issue and docs ask of these figures; ratios, so that they say something on any machine. */
const BARS = { firstToBareCopy: 2.5, statusToIdle: 3, statusMs: 50, loopMs: 50 } as const;

export function printSyncs(report: SyncsReport): void {
  const { bareCopy } = report;
  console.log(`machine: ${report.machine}`);
  console.log(
    `roster: ${report.size}, ${report.rows} rows; ${report.rounds === 1 ? 'one round' : `medians of ${report.rounds} rounds`}`,
  );
  console.log(`udsv alone, reading and parsing: ${report.parseSeconds.toFixed(2)} s`);
  if (bareCopy !== undefined)
    console.log(
      `bare COPY of ${bareCopy.rows} rows into the final tables: ${bareCopy.seconds.toFixed(2)} s (CPU ${bareCopy.cpuSeconds.toFixed(1)} s), ${mebibytes(bareCopy.walBytes)} of WAL`,
    );
  console.log(`status without a sync: p99 ${report.idleStatusP99Ms.toFixed(1)} ms`);
  for (const sync of report.syncs) {
    console.log('');
    printSync(sync, report);
  }
}

function printSync(sync: MeasuredSync, { parseSeconds, bareCopy, idleStatusP99Ms }: SyncsReport): void {
  const ratios = [`${(sync.seconds / parseSeconds).toFixed(1)} x udsv`];
  if (bareCopy !== undefined)
    ratios.push(
      sync.name === 'first'
        ? `${judged(sync.seconds / bareCopy.seconds, BARS.firstToBareCopy)} x bare COPY`
        : `${(sync.seconds / bareCopy.seconds).toFixed(2)} x bare COPY`,
    );
  console.log(
    `${sync.name}: ${sync.seconds.toFixed(2)} s from start to ${sync.status}${sync.wasHeld ? ' (held, and resumed at once)' : ''}, ` +
      `${Math.round(sync.rowsPerSecond)} rows/s, ${sync.items} items, ${ratios.join(', ')}`,
  );
  if (sync.resources !== null) {
    const { rollbook, postgres } = sync.resources;
    console.log(
      `  Rollbook: CPU ${rollbook.cpuSeconds.toFixed(1)} s, at most ${mebibytes(rollbook.peakMemoryBytes)}, ${mebibytes(rollbook.writtenBytes)} written`,
    );
    console.log(
      `  PostgreSQL: CPU ${postgres.cpuSeconds.toFixed(1)} s, at most ${mebibytes(postgres.peakMemoryBytes)}, ` +
        `${mebibytes(postgres.writtenBytes)} written, ${mebibytes(postgres.walBytes)} of them WAL`,
    );
  }
  const bar = Math.max(BARS.statusToIdle * idleStatusP99Ms, BARS.statusMs);
  console.log(
    `  status requests meanwhile: ${sync.statusRequests}, p50 ${sync.statusP50Ms.toFixed(1)} ms, p99 ${judged(sync.statusP99Ms, bar)} ms`,
  );
  console.log(
    `  event loop late by: p99 ${judged(sync.loopP99Ms, BARS.loopMs)} ms, most ${sync.loopMaxMs.toFixed(1)} ms`,
  );
  for (const [stage, ms] of Object.entries(sync.timings))
    if (ms >= 10) console.log(`  ${stage}: ${(ms / 1000).toFixed(2)} s`);
}

function judged(value: number, bar: number): string {
  return `${value.toFixed(2)}${value > bar ? ` (bar ${bar.toFixed(1)}: missed)` : ''}`;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
