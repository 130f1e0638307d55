import type { CliIo, CliOutput } from '../cli-io.ts';

/** Colours a text, or leaves it as it is where colours would only be noise. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
}

const ESCAPE = '\u001b[';

/** Colours for that stream: on a terminal only, and never with NO_COLOR (no-color.org) or TERM=dumb. */
export function paintFor(io: CliIo, stream: CliOutput): Paint {
  const on = stream.isTTY === true && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb';
  const code =
    (start: number, end: number) =>
    (text: string): string =>
      on ? `${ESCAPE}${start}m${text}${ESCAPE}${end}m` : text;
  return {
    bold: code(1, 22),
    dim: code(2, 22),
    green: code(32, 39),
    yellow: code(33, 39),
    red: code(31, 39),
  };
}
