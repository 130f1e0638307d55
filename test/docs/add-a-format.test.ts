import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** Every block of the guide under the path named before it: files to make, and changes to files that are there. */
async function blocksOfGuide(): Promise<{ path: string; language: string; text: string }[]> {
  const guide = await readFile(join(ROOT, 'docs/guide/add-a-format.md'), 'utf8');
  const blocks = [...guide.matchAll(/(?:`([\w./-]+)`:\n\n)?```(csv|ts|diff)\n([\s\S]*?)```/gu)];
  let path = '';
  return blocks.map(([, named, language = '', text = '']) => {
    path = named ?? path;
    return { path, language, text };
  });
}

function linesOf(text: string, sign: '-' | '+'): string {
  return text
    .split('\n')
    .filter((line) => line.startsWith(sign))
    .map((line) => line.slice(1))
    .join('\n');
}

test('the guide to a new format, followed to the letter, makes one that works', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rollbook-format-'));
  try {
    await cp(join(ROOT, 'src'), join(directory, 'src'), { recursive: true });
    for (const name of ['package.json', 'tsconfig.json']) await cp(join(ROOT, name), join(directory, name));
    for (const name of ['node_modules', 'db', 'docs']) await symlink(join(ROOT, name), join(directory, name));
    const blocks = await blocksOfGuide();
    assert.deepEqual(
      ['csv', 'ts', 'diff'].map((kind) => blocks.filter(({ language }) => language === kind).length),
      [5, 1, 3],
    );
    for (const { path, language, text } of blocks) {
      const file = join(directory, path);
      await mkdir(dirname(file), { recursive: true });
      if (language !== 'diff') await writeFile(file, text);
      else {
        const before = await readFile(file, 'utf8');
        assert.equal(before.split(linesOf(text, '-')).length, 2, `${path} has: ${linesOf(text, '-')}`);
        await writeFile(file, before.replace(linesOf(text, '-'), linesOf(text, '+')));
      }
    }
    const args = ['--disable-warning=ExperimentalWarning', 'src/main.ts', 'validate', 'export'];
    const { stdout } = await run(process.execPath, [...args, '--create-users', 'contoso.example', '--json'], {
      cwd: directory,
    });
    const report = JSON.parse(stdout) as {
      format: { name: string };
      findings: unknown[];
      files: { file: string; rows: number; badRows: number }[];
    };
    assert.equal(report.format.name, 'ladybird');
    assert.deepEqual(report.findings, []);
    assert.deepEqual(
      report.files.map(({ file, rows, badRows }) => [file, rows, badRows]),
      [
        ['lb_sites.csv', 1, 0],
        ['lb_pupils.csv', 2, 0],
        ['lb_staff.csv', 1, 0],
        ['lb_groups.csv', 1, 0],
        ['lb_places.csv', 2, 0],
      ],
    );
    // Faults in it are found, too.
    await writeFile(join(directory, 'export/lb_places.csv'), 'group,pupil\n3a,99\n');
    const pupils = await readFile(join(directory, 'export/lb_pupils.csv'), 'utf8');
    await writeFile(join(directory, 'export/lb_pupils.csv'), pupils.replace('ben,3', 'ben,33'));
    const faulty = await run(process.execPath, [...args, '--create-users', 'contoso.example', '--json'], {
      cwd: directory,
    }).catch((error: unknown) => error as { stdout: string; code: number });
    assert.match(faulty.stdout, /pupil \\"99\\" is not in lb_pupils\.csv/u);
    assert.match(faulty.stdout, /year has \\"33\\", which is not in the list \\"grades\\"; it is left out/u);
    const types = await run(process.execPath, [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      '--noEmit',
      '--skipLibCheck',
      '-p',
      directory,
    ]).catch((error: unknown) => error as { stdout: string });
    const ofTheProduct = types.stdout
      .split('\n')
      .filter((line) => /^[^(]*src\/[^(]*(?<!\.test)\.ts\(/u.test(line));
    assert.deepEqual(ofTheProduct, []);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
