import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { PASSWORD_PAGE } from '#engine/profiles/initial-passwords.ts';
import { runCliHere } from '#test/helpers/cli-run.ts';
import { rowsOf } from '#test/helpers/other-formats.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';
import { makeExamples } from '../../scripts/make-examples.ts';

const { contoso } = makeExamples();
type Files = Record<string, string>;
interface Page {
  exportId: string;
  value: {
    sourceId: string;
    kind: string;
    schoolId: string;
    userPrincipalName: string;
    initialPassword: string;
  }[];
  after: string | null;
}

let rollbook: TestRollbook;
let client: SyncClient;
let folder: string;
before(async () => {
  rollbook = await startTestRollbook();
  client = syncClient(rollbook);
  folder = await mkdtemp(join(tmpdir(), 'rollbook-passwords-'));
});
after(async () => {
  await rollbook.stop();
  await rm(folder, { recursive: true, force: true });
});

const pathOf = (profile: string): string => `/api/v1/profiles/${profile}/initialPasswords`;

/** Kind, id and password of everybody in the files. */
function passwordsIn(files: Files): string[] {
  const lines = ['Student.csv', 'Teacher.csv']
    .flatMap((name) =>
      rowsOf(files[name] ?? '').map(
        (row) => `${name.slice(0, 7).toLowerCase()} ${row['SIS ID']} ${row['Password']}`,
      ),
    )
    .toSorted();
  // Who is in two schools has two rows.
  return [...new Set(lines)];
}

const shown = ({ value }: Page): string[] =>
  value.map(({ kind, sourceId, initialPassword }) => `${kind} ${sourceId} ${initialPassword}`).toSorted();

/** The examples under other domains: user names are each somebody's once. */
async function syncedProfile(domain: string, files: Files = contoso): Promise<string> {
  const profile = await client.createProfile({
    displayName: domain,
    more: {
      identitySynchronizationConfiguration: {
        '@odata.type': '#microsoft.graph.educationIdentityCreationConfiguration',
        userDomains: ['student', 'teacher'].map((appliesTo) => ({
          appliesTo,
          name: `${appliesTo}.${domain}`,
        })),
      },
    },
  });
  const status = await client.sync(profile, files);
  assert.equal(status.status, 'success', status.statusMessage);
  return profile;
}

describe('over the API', () => {
  test('everything until it is confirmed, then nothing; then only who is new', async () => {
    const profile = await syncedProfile('once.example');
    const first = await client.ok<Page>('POST', pathOf(profile));
    assert.deepEqual(shown(first), passwordsIn(contoso));
    assert.equal(first.after, null);
    const ada = first.value.find(({ sourceId }) => sourceId === '30001');
    assert.deepEqual([ada?.schoolId, ada?.userPrincipalName], ['1001', 'aalder001@student.once.example']);

    // The answer got lost: nothing is.
    const second = await client.ok<Page>('POST', pathOf(profile));
    assert.deepEqual(shown(second), passwordsIn(contoso));
    const confirm = (exportId: string, of = profile) =>
      client.ok<{ handedOut: number }>('POST', `${pathOf(of)}/confirm`, { exportId });
    assert.deepEqual(await confirm(first.exportId), { handedOut: 0 }, 'they belong to the later export');
    const neighbour = await client.createProfile({ displayName: 'Neighbour' });
    assert.deepEqual(await confirm(second.exportId, neighbour), { handedOut: 0 }, 'it is of another profile');
    assert.deepEqual(await confirm(second.exportId), { handedOut: first.value.length });
    assert.deepEqual(await confirm(second.exportId), { handedOut: 0 });
    assert.deepEqual((await client.ok<Page>('POST', pathOf(profile))).value, []);

    const more: Files = {
      ...contoso,
      'Student.csv': `${contoso['Student.csv']}39999,1001,New,Pupil,npupil,Secret-39999,39999,1,Active,2019-01-01,2038\r\n`,
    };
    assert.equal((await client.sync(profile, more)).status, 'success');
    assert.deepEqual(shown(await client.ok<Page>('POST', pathOf(profile))), ['student 39999 Secret-39999']);
    assert.equal((await client.sync(profile, contoso)).status, 'success');
    assert.deepEqual(shown(await client.ok<Page>('POST', pathOf(profile))), [], 'who has left needs none');

    const events = await rollbook.rows(
      `select detail ->> 'count' as count from profile_event where event = 'passwordsHandedOut' and profile_id = $1`,
      [profile],
    );
    assert.deepEqual(events, [{ count: String(first.value.length) }]);
    assert.deepEqual(
      rollbook.logLines.filter((line) => line.includes('Welcome-') || line.includes('Secret-39999')),
      [],
    );
  });

  test('in pages: each once', async () => {
    const lines = Array.from(
      { length: PASSWORD_PAGE + 5 },
      (_, i) => `9${i},1001,First,Last,many${i},Pass-${i},${i},1,Active,2019-01-01,2038\r\n`,
    );
    const header = (contoso['Student.csv'] ?? '').split('\r\n')[0];
    const profile = await syncedProfile('pages.example', {
      ...contoso,
      'Student.csv': `${header}\r\n${lines.join('')}`,
      'StudentEnrollment.csv': 'Section SIS ID,SIS ID\r\n',
    });
    const first = await client.ok<Page>('POST', pathOf(profile));
    assert.equal(first.value.length, PASSWORD_PAGE);
    const { exportId, after: from } = first;
    const second = await client.ok<Page>('POST', pathOf(profile), { exportId, after: from });
    assert.equal(second.after, null);
    const all = new Set([...first.value, ...second.value].map(({ sourceId }) => sourceId));
    assert.equal(
      all.size,
      lines.length + passwordsIn({ 'Teacher.csv': contoso['Teacher.csv'] ?? '' }).length,
    );
    const { handedOut } = await client.ok<{ handedOut: number }>('POST', `${pathOf(profile)}/confirm`, {
      exportId,
    });
    assert.equal(handedOut, all.size);
  });

  test('whoever may not manage the tenant, or asks wrongly, gets none', async () => {
    const profile = await client.createProfile({ displayName: 'Refused' });
    const status = async (path: string, body: unknown) => (await client.call('POST', path, body)).status;
    assert.equal(await status(pathOf('01a21633-420d-757e-a84d-8e33dd837fe2'), undefined), 404);
    assert.equal(await status(pathOf(profile), { after: '01a21633-420d-757e-a84d-8e33dd837fe2' }), 400);
    assert.equal(await status(pathOf(profile), { exportId: 'x' }), 400);
    assert.equal(await status(`${pathOf(profile)}/confirm`, {}), 400);
    const made = await runCliHere([
      'app',
      'create',
      'Syncs',
      '--permission',
      'EduAdministration.ReadWrite.All',
      '--json',
      '--data-dir',
      rollbook.dataDir,
    ]);
    const app = JSON.parse(made.stdout) as { tenantId: string; clientId: string; clientSecret: string };
    const token = await runCliHere(['token'], {
      env: {
        ROLLBOOK_URL: rollbook.baseUrl,
        ROLLBOOK_TENANT: app.tenantId,
        ROLLBOOK_CLIENT_ID: app.clientId,
        ROLLBOOK_CLIENT_SECRET: app.clientSecret,
      },
    });
    const refused = await fetch(rollbook.baseUrl + pathOf(profile), {
      method: 'POST',
      headers: { authorization: `Bearer ${token.stdout.trim()}` },
    });
    assert.equal(refused.status, 403);
  });
});

describe('rollbook passwords', () => {
  const passwords = (...argv: string[]) => runCliHere(['passwords', ...argv, '--data-dir', rollbook.dataDir]);

  test('into a file for its owner alone, once', async () => {
    const files = {
      ...contoso,
      'Student.csv': (contoso['Student.csv'] ?? '').replace('Welcome-30001', '=1+1'),
    };
    await syncedProfile('file.example', files);
    const csv = join(folder, 'new.csv');
    const done = await passwords('--profile', 'file.example', '--output', csv);
    assert.equal(done.exitCode, 0, done.stderr);
    assert.match(done.stdout, /file\.example: 135 initial passwords in .*new\.csv/u);
    assert.match(
      done.stdout,
      /1 password of these would be a formula in a spreadsheet: the apostrophe in front/u,
    );
    assert.doesNotMatch(done.stdout, /Welcome/u);
    assert.equal((await stat(csv)).mode & 0o777, 0o600);
    const text = await readFile(csv, 'utf8');
    assert.equal(text.split('\r\n').length, 135 + 2);
    assert.match(text, /^1001,student,30001,Ada Alder,aalder001@student\.file\.example,'=1\+1\r$/mu);

    const again = await passwords('--profile', 'file.example', '--output', join(folder, 'again.csv'));
    assert.equal(again.exitCode, 0, again.stderr);
    assert.match(again.stdout, /no passwords that were not handed out already/u);
    await assert.rejects(stat(join(folder, 'again.csv')));
  });

  test('JSON Lines has values as they are', async () => {
    const files = {
      ...contoso,
      'Student.csv': (contoso['Student.csv'] ?? '').replace('Welcome-30001', '=1+1'),
    };
    await syncedProfile('lines.example', files);
    const file = join(folder, 'new.jsonl');
    const done = await passwords('--profile', 'lines.example', '--output', file);
    assert.equal(done.exitCode, 0, done.stderr);
    assert.doesNotMatch(done.stdout, /apostrophe/u);
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    const found = lines.map((line) => JSON.parse(line) as Page['value'][number]);
    assert.equal(found.find(({ sourceId }) => sourceId === '30001')?.initialPassword, '=1+1');
  });

  test('no file, one that is there, or no folder for it: refused, and nothing is handed out', async () => {
    await syncedProfile('refused.example');
    const there = join(folder, 'there.csv');
    await writeFile(there, 'mine');
    for (const [argv, message] of [
      [[], /Name the file to write/u],
      [['--output', there], /is there already/u],
      [['--output', join(folder, 'no', 'x.csv')], /is not a folder/u],
    ] as const) {
      const refused = await passwords('--profile', 'refused.example', ...argv);
      assert.equal(refused.exitCode, 2);
      assert.match(refused.stderr, message);
    }
    assert.equal(await readFile(there, 'utf8'), 'mine');
    const done = await passwords('--profile', 'refused.example', '--output', join(folder, 'ok.csv'));
    assert.match(done.stdout, /135 initial passwords/u);
  });
});
