/**
 * Writes the tables of docs/spec/run-states.md, profile-states.md and notice-delivery-states.md from the machines themselves, between the marks
 * `<!-- table -->` and `<!-- end -->`. `--check` only compares, and exits with 1 when they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { DELIVERY_EVENTS, DELIVERY_STATES, DELIVERY_TRANSITIONS } from '#core/notices/delivery-state.ts';
import { PROFILE_EVENTS, PROFILE_STATES, PROFILE_TRANSITIONS } from '#core/run/profile-state.ts';
import { RUN_EVENTS, RUN_STATES, RUN_TRANSITIONS } from '#core/run/run-state.ts';

interface Machine {
  readonly file: string;
  readonly states: readonly string[];
  readonly events: readonly string[];
  readonly transitions: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const MACHINES: readonly Machine[] = [
  { file: 'run-states.md', states: RUN_STATES, events: RUN_EVENTS, transitions: RUN_TRANSITIONS },
  {
    file: 'profile-states.md',
    states: PROFILE_STATES,
    events: PROFILE_EVENTS,
    transitions: PROFILE_TRANSITIONS,
  },
  {
    file: 'notice-delivery-states.md',
    states: DELIVERY_STATES,
    events: DELIVERY_EVENTS,
    transitions: DELIVERY_TRANSITIONS,
  },
];

/** One row per event, one column per state; a dot is a refusal, `=` stays in the state. */
function renderTable({ states, events, transitions }: Machine): string {
  const cell = (state: string, event: string): string => {
    const next = transitions[state]?.[event];
    if (next === 'refused' || next === undefined) return '·';
    return next === state ? '=' : next;
  };
  const rows = [
    ['event', ...states],
    ...events.map((event) => [event, ...states.map((state) => cell(state, event))]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map(
    (row) => `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

/** Each page as it stands and as it should be. */
export function stateTables(): { file: string; path: string; found: string; wanted: string }[] {
  return MACHINES.map((machine) => {
    const path = fileURLToPath(new URL(`../docs/spec/${machine.file}`, import.meta.url));
    const found = readFileSync(path, 'utf8');
    const wanted = found.replace(
      /(<!-- table -->\n\n)[^]*?(\n\n<!-- end -->)/u,
      (_, start: string, end: string) => `${start}${renderTable(machine)}${end}`,
    );
    return { file: machine.file, path, found, wanted };
  });
}

if (import.meta.main) {
  const stale = stateTables().filter(({ found, wanted }) => found !== wanted);
  if (process.argv.includes('--check')) {
    for (const { file } of stale)
      console.error(`docs/spec/${file} is stale: run node scripts/state-tables.ts`);
    process.exitCode = stale.length > 0 ? 1 : 0;
  } else for (const { path, wanted } of stale) writeFileSync(path, wanted);
}
