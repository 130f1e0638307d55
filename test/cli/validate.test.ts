import assert from 'node:assert/strict';
import { chmod, link, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { runCliHere } from '#test/helpers/cli-run.ts';
import { testFolder, type TestFolder } from '#test/helpers/roster-folder.ts';

const SOUND: Readonly<Record<string, string>> = {
  'School.csv': 'SIS ID,Name\nS1,One\n',
  'Section.csv': 'SIS ID,School SIS ID,Section Name\nC1,S1,Art\n',
  'Student.csv': 'SIS ID,School SIS ID,Username,First Name,Last Name\nP1,S1,amy,A,B\n',
  'Teacher.csv': 'SIS ID,School SIS ID,Username,First Name,Last Name\nT1,S1,kim,K,O\n',
  'StudentEnrollment.csv': 'Section SIS ID,SIS ID\nC1,P1\n',
  'TeacherRoster.csv': 'Section SIS ID,SIS ID\nC1,T1\n',
};
const WARNED = { ...SOUND, 'TeacherRoster.csv': 'Section SIS ID,SIS ID\nC1,T1\nC1,T1\n' };
const FAULTY = {
  ...WARNED,
  'Student.csv': `${SOUND['Student.csv']}P2,S1,=cmd|'/c calc',C,D\nP3,S1,,E,F\n`,
  'StudentEnrollment.csv': 'Section SIS ID,SIS ID\nC1,P1\nC1,P2\nC1,P3\n',
};
const CUT = { ...SOUND, 'Section.csv': 'SIS ID,School SIS ID,Section Name\nC1,S' };

const ELSEWHERE = {
  ...SOUND,
  'Student.csv': 'SIS ID,School SIS ID,Username,First Name,Last Name\nP1,S1,amy@south.edu,A,B\n',
};

const EXITS: [string, Readonly<Record<string, string>>, string[], number][] = [
  ['sound files', SOUND, [], 0],
  ['sound files', SOUND, ['--strict', '--fail-on', 'warning'], 0],
  ['a warning', WARNED, [], 0],
  ['a warning', WARNED, ['--fail-on', 'error'], 0],
  ['a warning', WARNED, ['--fail-on', 'warning'], 8],
  ['faulty rows', FAULTY, [], 4],
  ['faulty rows', FAULTY, ['--fail-on', 'warning'], 4],
  ['faulty rows', FAULTY, ['--fail-on', 'fatal'], 0],
  ['faulty rows', FAULTY, ['--strict'], 3],
  ['faulty rows', FAULTY, ['--strict', '--fail-on', 'fatal'], 3],
  ['another domain', ELSEWHERE, [], 0],
  ['another domain', ELSEWHERE, ['--accept-domain', 'south.edu'], 0],
  ['another domain', ELSEWHERE, ['--accept-domain', 'teacher:north.edu'], 0],
  ['another domain', ELSEWHERE, ['--accept-domain', 'north.edu'], 4],
  ['a file that ends in the middle', CUT, ['--fail-on', 'fatal'], 3],
];

describe('rollbook validate', () => {
  let folder: TestFolder;
  let out: string;
  before(async () => {
    folder = await testFolder('export');
    out = join(folder.path, '..');
  });
  after(() => folder.remove());

  for (const [name, files, options, exitCode] of EXITS) {
    test(`${name}${options.map((option) => ` ${option}`).join('')}: exit code ${exitCode}`, async () => {
      await folder.write(files);
      const result = await runCliHere(['validate', folder.path, ...options]);
      assert.deepEqual([result.exitCode, result.stderr], [exitCode, '']);
    });
  }

  test('one document for scripts: rows by the worst that was found, and what waits', async () => {
    await folder.write(FAULTY);
    const { stdout } = await runCliHere(['validate', folder.path, '--json']);
    const document = JSON.parse(stdout) as {
      rows: { total: unknown };
      dependants: unknown;
      findings: unknown[];
      exitCode: number;
    };
    assert.deepEqual(document.rows.total, { rows: 11, good: 6, warned: 1, waiting: 2, bad: 2 });
    const place = { file: 'studentenrollment.csv', field: 'SIS ID', rowCount: 1 };
    assert.deepEqual(document.dependants, [
      { code: 'REQUIRED_MISSING', ...place },
      { code: 'USERNAME_INVALID', ...place },
    ]);
    assert.deepEqual([document.findings.length, document.exitCode], [5, 4]);
  });

  test('a damaged zip: what is in it is not known, nor in which format', async () => {
    await folder.write({ 'roster.zip': 'no zip' });
    const { stdout, exitCode } = await runCliHere(['validate', folder.path]);
    assert.equal(exitCode, 3);
    assert.match(stdout, /Format not known: No file of a format that Rollbook reads is there\./u);
    assert.doesNotMatch(stdout, /SDS V1|detected/u);
  });

  test('--examples bounds the lines shown; counts stay exact', async () => {
    const rows = Array.from({ length: 7 }, (_, index) => `X${index},S1,,A,B\n`).join('');
    await folder.write({ ...SOUND, 'Student.csv': `${SOUND['Student.csv']}${rows}` });
    for (const [options, shown] of [
      [[], 5],
      [['--examples', '0'], 0],
      [['--examples', '2'], 2],
      [['--examples', '1000'], 7],
    ] as const) {
      const { stdout } = await runCliHere(['validate', folder.path, ...options]);
      assert.equal(stdout.split('\n').filter((line) => line.startsWith('    line ')).length, shown);
      assert.match(stdout, /student\.csv, Username: 7 rows/u);
    }
  });

  test('colours on a terminal only, and not with NO_COLOR', async () => {
    await folder.write(FAULTY);
    const outputs = await Promise.all(
      [{ isTTY: true }, { isTTY: true, env: { NO_COLOR: '1' } }, {}].map((options) =>
        runCliHere(['validate', folder.path], options),
      ),
    );
    assert.deepEqual(
      outputs.map(({ stdout }) => stdout.includes('\u001b[')),
      [true, false, false],
    );
  });

  test('--findings-limit: so many errors and warnings are kept, all are counted', async () => {
    const rows = Array.from({ length: 150 }, (_, i) => `P${i},S1,,A,B`).join('\n');
    await folder.write({
      ...SOUND,
      'Student.csv': `SIS ID,School SIS ID,Username,First Name,Last Name\n${rows}\n`,
    });
    const keptWith = async (limit: string): Promise<unknown[]> => {
      const { stdout } = await runCliHere(['validate', folder.path, '--json', '--findings-limit', limit]);
      const { findings, findingCounts } = JSON.parse(stdout) as {
        findings: { code: string }[];
        findingCounts: { code: string; rowCount: number }[];
      };
      return [
        findings.filter(({ code }) => code === 'REQUIRED_MISSING').length,
        findingCounts.find(({ code }) => code === 'REQUIRED_MISSING')?.rowCount,
      ];
    };
    assert.deepEqual(await keptWith('120'), [120, 150]);
    assert.deepEqual(await keptWith('0'), [100, 150], 'the first of each code');
    for (const wrong of ['1000001', '-1', 'x', '']) {
      const { exitCode, stderr } = await runCliHere(['validate', folder.path, `--findings-limit=${wrong}`]);
      assert.deepEqual([exitCode, /is not a number from 0 to 1,000,000/u.test(stderr)], [2, true], wrong);
    }
  });

  test('Ctrl-C ends it, and nothing is written', async () => {
    await folder.write(FAULTY);
    const argv = ['validate', folder.path, '--findings', join(out, 'interrupted.csv')];
    const result = await runCliHere(argv, { interrupt: AbortSignal.abort() });
    assert.equal(result.exitCode, 130, result.stdout);
    assert.equal((await readdir(out)).includes('interrupted.csv'), false);
  });

  test('--report and --findings: written in one step, for the owner alone, over what was there', async () => {
    await folder.write(FAULTY);
    const report = join(out, 'report.html');
    const findings = join(out, 'findings.csv');
    await writeFile(report, 'old');
    const result = await runCliHere(['validate', folder.path, '--report', report, '--findings', findings]);
    assert.deepEqual([result.exitCode, result.stderr], [4, '']);
    assert.match(await readFile(report, 'utf8'), /^<!DOCTYPE html>\n<html lang="en">.*<\/html>\s*$/su);
    const lines = (await readFile(findings, 'utf8')).split('\r\n');
    assert.equal(lines.length, 7);
    assert.ok(lines.some((line) => line.includes(`,'=cmd|'/c calc',`)));
    for (const file of [report, findings]) assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual((await readdir(out)).toSorted(), ['export', 'findings.csv', 'report.html']);
  });

  test('a report beside the roster files is no roster file', async () => {
    await folder.write(SOUND);
    const argv = ['validate', folder.path, '--findings', join(folder.path, 'findings.csv')];
    for (const _ of [1, 2]) assert.equal((await runCliHere(argv)).exitCode, 0);
  });

  const REFUSED: [string, (paths: { folder: string; out: string }) => string[], RegExp][] = [
    [
      'a folder that is missing',
      ({ out: at }) => [join(at, 'none')],
      /none does not exist\. Name the folder with/u,
    ],
    [
      'a file in place of the folder',
      ({ folder: at }) => [join(at, 'School.csv')],
      /School\.csv is not a folder/u,
    ],
    [
      'no such severity',
      ({ folder: at }) => [at, '--fail-on', 'info'],
      /'info' is none of fatal, error, warning\./u,
    ],
    [
      'examples without end',
      ({ folder: at }) => [at, '--examples', '1e9'],
      /'1e9' is not a number from 0 to 1,000\./u,
    ],
    ['examples below nothing', ({ folder: at }) => [at, '--examples=-1'], /'-1' is not a number/u],
    [
      'a report in a missing folder',
      ({ folder: at, out: there }) => [at, '--report', join(there, 'none', 'r.html')],
      /the folder .*none does not exist\. Make it, or name another file\./u,
    ],
    [
      'a report below a file',
      ({ folder: at }) => [at, '--report', join(at, 'School.csv', 'r.html')],
      /School\.csv is not a folder\. Name a file in a folder\./u,
    ],
    [
      'a folder as a report',
      ({ folder: at, out: there }) => [at, '--report', there],
      /is a folder\. Name a file in it\./u,
    ],
    [
      'a device as a report',
      ({ folder: at }) => [at, '--report', '/dev/null'],
      /is neither a file nor free/u,
    ],
    ['no name', ({ folder: at }) => [at, '--report', ''], /--report is empty\. Name a file\./u],
    [
      'a roster file',
      ({ folder: at }) => [at, '--findings', join(at, 'Student.csv')],
      /would overwrite .*Student\.csv, which is read here\. Name another file\./u,
    ],
    [
      'a roster file in other letters',
      ({ folder: at }) => [at, '--findings', join(at, 'STUDENT.csv')],
      /would overwrite/u,
    ],
    ['a manifest', ({ folder: at }) => [at, '--report', join(at, 'manifest.json')], /would overwrite/u],
    [
      'a link to a roster file',
      ({ folder: at, out: there }) => [at, '--report', join(there, 'soft')],
      /would overwrite/u,
    ],
    [
      'a second name of a roster file',
      ({ folder: at, out: there }) => [at, '--report', join(there, 'hard')],
      /would overwrite/u,
    ],
    [
      'a roster file by way of a linked folder',
      ({ folder: at, out: there }) => [at, '--report', join(there, 'again', 'School.csv')],
      /would overwrite/u,
    ],
    [
      'one file for both',
      ({ folder: at, out: there }) => [at, '--report', join(there, 'x'), '--findings', join(there, '.', 'x')],
      /are one file\. Name two\./u,
    ],
  ];
  describe('refuses, and touches nothing:', () => {
    before(async () => {
      await folder.write(SOUND);
      await symlink(join(folder.path, 'Student.csv'), join(out, 'soft'));
      await link(join(folder.path, 'Student.csv'), join(out, 'hard'));
      await symlink(folder.path, join(out, 'again'));
    });
    for (const [name, argvOf, message] of REFUSED) {
      test(name, async () => {
        const result = await runCliHere(['validate', ...argvOf({ folder: folder.path, out })]);
        assert.match(result.stderr, message);
        assert.deepEqual([result.exitCode, result.stdout], [2, '']);
        for (const [file, text] of Object.entries(SOUND))
          assert.equal(await readFile(join(folder.path, file), 'utf8'), text);
      });
    }

    test('a folder that may not be written in; root may', async () => {
      const closed = join(out, 'closed');
      await mkdir(closed, { mode: 0o500 });
      const result = await runCliHere(['validate', folder.path, '--report', join(closed, 'r.html')]);
      await chmod(closed, 0o700);
      const isRoot = process.getuid?.() === 0;
      assert.match(result.stderr, isRoot ? /^$/u : /you may not write in .*closed/u);
      assert.equal(result.exitCode, isRoot ? 0 : 2);
    });
  });

  test('a file that the file system does not take is a failure, and leaves nothing', async () => {
    await folder.write(SOUND);
    const before = await readdir(out);
    const argv = ['validate', folder.path, '--report', join(out, `${'x'.repeat(300)}.html`)];
    const result = await runCliHere(argv);
    assert.match(
      result.stderr,
      /could not be written: .*ENAMETOOLONG.* Free the place, or name another file\./u,
    );
    assert.equal(result.exitCode, 1);
    assert.deepEqual(await readdir(out), before);
  });
});
