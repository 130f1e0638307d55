import { timeLeftText } from '#core/run/progress-estimate.ts';
import type { System } from '#lib/system.ts';

import type { CliIo } from '../cli-io.ts';
import { formatCount, formatDuration, printable } from './format.ts';

/** How far something is that takes a while. */
export interface Progress {
  /** One word: uploading, extracting, validating, planning, applying, ... */
  readonly stage: string;
  /** 0 to 100 over the whole of it; absent: not known. */
  readonly percent?: number;
  readonly done?: number;
  readonly total?: number;
  /** What is counted: rows, changes, bytes. */
  readonly unit?: string;
  /** Of this stage, as the service estimates it. */
  readonly secondsLeft?: number | null;
}

export const PROGRESS_MODES = ['auto', 'bar', 'plain', 'json', 'none'] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

export interface ProgressMeter {
  show(progress: Progress): void;
  /** Takes the bar away, so that something else can be written; the next `show` draws it again. */
  clear(): void;
}

const PLAIN_INTERVAL_MS = 10_000;
const BAR_WIDTH = 24;

/**
 * Shows progress on stderr. bar: one line that is drawn anew; plain: one line per stage and every ten seconds; json: one JSON
 * object per change. auto: a bar on a terminal, plain lines elsewhere.
 */
export function progressMeter(io: CliIo, system: System, mode: ProgressMode): ProgressMeter {
  const smart = io.stderr.isTTY === true && io.env['TERM'] !== 'dumb';
  switch (mode) {
    case 'none':
      return { show: () => undefined, clear: () => undefined };
    case 'json':
      return jsonMeter(io);
    case 'bar':
      return barMeter(io, system);
    case 'plain':
      return plainMeter(io, system);
    case 'auto':
      return smart ? barMeter(io, system) : plainMeter(io, system);
  }
}

function jsonMeter(io: CliIo): ProgressMeter {
  let last = '';
  return {
    show(progress) {
      const line = JSON.stringify({ progress });
      if (line !== last) io.stderr.write(`${line}\n`);
      last = line;
    },
    clear: () => undefined,
  };
}

function barMeter(io: CliIo, system: System): ProgressMeter {
  const pace = paceOf(system);
  let drawn = false;
  const clear = (): void => {
    if (drawn) io.stderr.write('\r\u001b[K');
    drawn = false;
  };
  return {
    show(progress) {
      const text = ` ${barLine(progress, pace(progress))}`;
      io.stderr.write(`\r\u001b[K${text.slice(0, Math.max(20, (io.stderr.columns || 80) - 1))}`);
      drawn = true;
    },
    clear,
  };
}

function plainMeter(io: CliIo, system: System): ProgressMeter {
  const pace = paceOf(system);
  let stage = '';
  let writtenMs = 0;
  return {
    show(progress) {
      const facts = pace(progress);
      const nowMs = system.now().getTime();
      if (progress.stage === stage && nowMs - writtenMs < PLAIN_INTERVAL_MS) return;
      stage = progress.stage;
      writtenMs = nowMs;
      io.stderr.write(`${[printable(progress.stage), ...factsOf(progress, facts)].join('  ')}\n`);
    },
    clear: () => undefined,
  };
}

interface Pace {
  readonly elapsedMs: number;
  /** Per second within the stage; null while it is not known. */
  readonly rate: number | null;
}

/** Measures the time since the first report, and the rate since the stage began. */
function paceOf(system: System): (progress: Progress) => Pace {
  let startMs: number | null = null;
  let stage = '';
  let stageStartMs = 0;
  let stageStartDone = 0;
  return (progress) => {
    const nowMs = system.now().getTime();
    startMs ??= nowMs;
    if (progress.stage !== stage) {
      stage = progress.stage;
      stageStartMs = nowMs;
      stageStartDone = progress.done ?? 0;
    }
    const seconds = (nowMs - stageStartMs) / 1000;
    const done = (progress.done ?? 0) - stageStartDone;
    return { elapsedMs: nowMs - startMs, rate: seconds >= 1 && done > 0 ? done / seconds : null };
  };
}

function barLine(progress: Progress, pace: Pace): string {
  const filled = Math.round((Math.min(100, Math.max(0, progress.percent ?? 0)) / 100) * BAR_WIDTH);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`;
  return [printable(progress.stage).padEnd(12), bar, ...factsOf(progress, pace)].join('  ');
}

function factsOf(progress: Progress, pace: Pace): string[] {
  const unit = progress.unit ?? '';
  return [
    ...(progress.percent === undefined ? [] : [`${String(Math.floor(progress.percent)).padStart(3)} %`]),
    ...[timeLeftText(progress.secondsLeft) ?? []].flat(),
    ...(progress.done === undefined ? [] : [countText(progress.done, progress.total, unit)]),
    ...(pace.rate === null ? [] : [`${formatCount(pace.rate)}/s`]),
    formatDuration(pace.elapsedMs),
  ];
}

function countText(done: number, total: number | undefined, unit: string): string {
  return total === undefined
    ? `${formatCount(done)} ${unit}`.trimEnd()
    : `${formatCount(done)} of ${formatCount(total)} ${unit}`.trimEnd();
}
