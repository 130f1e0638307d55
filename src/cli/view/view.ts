import type { System } from '#lib/system.ts';

import type { CliIo } from '../cli-io.ts';
import { paintFor, type Paint, safeLine } from './paint.ts';
import { progressMeter, type Progress, type ProgressMode } from './progress-meter.ts';

/** A result in both its forms: a document for scripts, lines for people. */
export interface Result {
  readonly document: unknown;
  readonly lines: readonly string[];
}

/** Where a command shows what it does. One implementation for people, one for scripts. */
export interface View {
  /** Colours for the lines of a result. */
  readonly paint: Paint;
  readonly forScripts: boolean;
  /** Something worth knowing on the way; scripts and --quiet do not see it. */
  note(line: string): void;
  /** Something that is not as it should be; always shown, on stderr. */
  warn(line: string): void;
  progress(progress: Progress): void;
  progressDone(): void;
  /** What the command was asked for. Once: stdout holds one document. */
  result(result: Result): void;
  /** One of several things that a command that stays has to show: for scripts one line of JSON each. */
  event(result: Result): void;
}

export interface ViewOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly progress: ProgressMode;
}

/** People: notes and results on stdout, progress and warnings on stderr. Names and messages come from elsewhere, so every line is made safe here. */
export function humanView(io: CliIo, system: System, options: ViewOptions): View {
  const mode = options.quiet && options.progress === 'auto' ? 'none' : options.progress;
  const meter = progressMeter(io, system, mode);
  const show = (result: Result): void => {
    meter.clear();
    io.stdout.write(result.lines.map((line) => `${safeLine(line)}\n`).join(''));
  };
  return {
    paint: paintFor(io, io.stdout),
    forScripts: false,
    note(line) {
      if (options.quiet) return;
      meter.clear();
      io.stdout.write(`${safeLine(line)}\n`);
    },
    warn(line) {
      meter.clear();
      io.stderr.write(`${safeLine(line)}\n`);
    },
    progress: (progress) => meter.show(progress),
    progressDone: () => meter.clear(),
    result: show,
    event: show,
  };
}

/** Scripts (--json): one JSON document on stdout; progress on stderr only when it is asked for. */
export function jsonView(io: CliIo, system: System, options: ViewOptions): View {
  const meter = progressMeter(io, system, options.progress === 'auto' ? 'none' : options.progress);
  return {
    paint: paintFor({ ...io, env: { ...io.env, NO_COLOR: '1' } }, io.stdout),
    forScripts: true,
    note: () => undefined,
    warn(line) {
      meter.clear();
      io.stderr.write(`${safeLine(line)}\n`);
    },
    progress: (progress) => meter.show(progress),
    progressDone: () => meter.clear(),
    result(result) {
      meter.clear();
      io.stdout.write(`${JSON.stringify(result.document, null, 2)}\n`);
    },
    event(result) {
      meter.clear();
      io.stdout.write(`${JSON.stringify(result.document)}\n`);
    },
  };
}
