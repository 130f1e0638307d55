import type { CliIo, CliOutput } from '../cli-io.ts';
import { printable } from './format.ts';

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

const COLOUR = new RegExp(String.raw`(\u001b\[(?:1|2|22|3[1239])m)`, 'u');

/** A line as it may reach a terminal: of the control characters in it only the colours of `Paint` stay. */
export function safeLine(line: string): string {
  return line
    .split(COLOUR)
    .map((part, index) => (index % 2 === 1 ? part : printable(part)))
    .join('');
}
