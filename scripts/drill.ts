/**
 * `npm run drill -- --list`; `npm run drill -- <name> [--option=value ...]`; `npm run drill -- --all`. One file of scripts/drills for each drill, whose name
 * is that of the file. Exit code 1 when one failed, 2 when there is none of that name.
 */
import { glob, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { messageOf } from '#lib/errors.ts';

import type { Drill, DrillBench } from './drills/drill.ts';
import { measureRollbook } from './drills/measure-rollbook.ts';

const FOLDER = fileURLToPath(new URL('drills/', import.meta.url));
/** Not drills: what they share. */
const SHARED = new Set(['drill', 'measure-rollbook', 'roster-files']);

const drills = await loadDrills();
const [first, ...rest] = process.argv.slice(2);
if (first === undefined || first === '--list' || first === '--help') list();
else if (first === '--all') await runAll();
else await runOne(first);

async function loadDrills(): Promise<ReadonlyMap<string, Drill>> {
  const names: string[] = [];
  for await (const file of glob('*.ts', { cwd: FOLDER })) {
    const name = basename(file, '.ts');
    if (!SHARED.has(name) && !name.endsWith('.test')) names.push(name);
  }
  const loaded = new Map<string, Drill>();
  for (const name of names.sort()) {
    const { drill } = (await import(pathToFileURL(join(FOLDER, `${name}.ts`)).href)) as { drill: Drill };
    loaded.set(name, drill);
  }
  return loaded;
}

function list(): void {
  console.log('Drills: npm run drill -- <name> [--option=value ...], or --all.\n');
  for (const [name, { summary, needs, options }] of drills) {
    console.log(`${name}\n    ${summary}\n    Needs: ${needs}`);
    const given = Object.entries(options).map(([option, value]) => `--${option}=${value}`);
    if (given.length > 0) console.log(`    Options: ${given.join(' ')}`);
  }
}

async function runAll(): Promise<void> {
  const failed: string[] = [];
  for (const name of drills.keys()) if (!(await carryOut(name, {}))) failed.push(name);
  console.log(`\n${drills.size - failed.length} passed, ${failed.length} failed`);
  if (failed.length > 0) process.exitCode = 1;
}

async function runOne(name: string): Promise<void> {
  const drill = drills.get(name);
  if (drill === undefined) {
    console.error(`There is no drill "${name}": ${[...drills.keys()].join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  const options: Record<string, string> = {};
  for (const argument of rest) {
    const [, option = '', value = ''] = /^--([\w-]+)=(.+)$/u.exec(argument) ?? [];
    if (!Object.hasOwn(drill.options, option)) {
      console.error(
        `${argument}: this drill takes ${
          Object.keys(drill.options)
            .map((known) => `--${known}=...`)
            .join(', ') || 'no options'
        }.`,
      );
      process.exitCode = 2;
      return;
    }
    options[option] = value;
  }
  if (!(await carryOut(name, options))) process.exitCode = 1;
}

async function carryOut(name: string, given: Readonly<Record<string, string>>): Promise<boolean> {
  const drill = drills.get(name);
  if (drill === undefined) return false;
  console.log(`\n${name}: ${drill.summary}`);
  const directory = await mkdtemp(join(tmpdir(), `rollbook-drill-${name}-`));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const interrupted = (): void => {
    void remove().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted);
  const bench: DrillBench = {
    directory,
    options: { ...drill.options, ...given },
    say: (line) => {
      console.log(`    ${line}`);
    },
    rollbook: (...argv) => measureRollbook(argv),
  };
  const startMs = performance.now();
  try {
    await drill.run(bench);
    console.log(`ok      ${name} ${((performance.now() - startMs) / 1_000).toFixed(0)} s`);
    return true;
  } catch (error) {
    console.log(`FAILED  ${name}: ${messageOf(error)}`);
    return false;
  } finally {
    process.off('SIGINT', interrupted);
    await remove();
  }
}
