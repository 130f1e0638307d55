import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { type ScriptedHttpServer, scriptedHttpServer } from '#test/fakes/scripted-http-server.ts';
import { type CliResult, runCliHere } from '#test/helpers/cli-run.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';

let rollbook: TestRollbook;
let receiver: ScriptedHttpServer;
let status = 200;
before(async () => {
  receiver = await scriptedHttpServer(() => ({ status }));
  rollbook = await startTestRollbook({
    settings: {
      NOTICE_PRIVATE_HOSTS: '127.0.0.1',
      SMTP_URL: 'smtp://127.0.0.1:1',
      SMTP_FROM: 'rollbook@contoso.com',
    },
  });
});
after(async () => {
  await rollbook.stop();
  await receiver.close();
});

const cli = (...argv: string[]): Promise<CliResult> => runCliHere([...argv, '--data-dir', rollbook.dataDir]);

test('notices: nothing yet, neither told nor anywhere to tell it', async () => {
  assert.match(
    (await cli('notice', 'channels')).stdout,
    /Notices go nowhere yet: rollbook notice add-webhook/u,
  );
  assert.match((await cli('notices')).stdout, /There are no notices/u);
});

test('notice: add, list, test, remove', async () => {
  const added = await cli('notice', 'add-webhook', receiver.address, '--event', 'HELD');
  assert.equal(added.exitCode, 0, added.stderr);
  assert.match(
    added.stdout,
    /^Added: webhook http:\/\/127\.0\.0\.1:\d+\/? \(.*\): held, at once\n {2}secret {2}whsec_/u,
  );
  const mail = await cli('notice', 'add-email', 'it@contoso.com', '--digest-hour', '7');
  assert.match(mail.stdout, /^Added: email it@contoso\.com \(.*\): all events, daily at 7:00/u);
  const listed = await cli('notice', 'channels');
  assert.match(listed.stdout, /webhook +http.* held +at once/u);
  assert.doesNotMatch(listed.stdout, /whsec/u);
  const { channels } = JSON.parse((await cli('notice', 'channels', '--json')).stdout) as {
    channels: { id: string }[];
  };
  const [webhook = { id: '' }, email = { id: '' }] = channels;
  assert.match((await cli('notice', 'test', webhook.id)).stdout, /^Delivered/u);
  status = 500;
  const failed = await cli('notice', 'test', webhook.id);
  assert.equal(failed.exitCode, 1);
  assert.match(failed.stdout, /^Not delivered: the receiver answered 500\./u);
  const unsent = await cli('notice', 'test', email.id);
  assert.match(unsent.stdout, /^Not delivered: the mail server cannot be reached/u);
  for (const { id } of channels) assert.equal((await cli('notice', 'remove', id)).exitCode, 0);
  assert.match((await cli('notice', 'remove', webhook.id)).stderr, /There is no notice channel/u);
});

test('notice: what is wrong is said', async () => {
  const refused = await cli('notice', 'add-webhook', 'https://10.0.0.1/');
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /Notices are not sent to 10\.0\.0\.1: its address is a private network/u);
  const event = await cli('notice', 'add-webhook', 'https://x.contoso.com', '--event', 'hold');
  assert.equal(event.exitCode, 2);
  assert.match(event.stderr, /There is no event 'hold'\. Did you mean held\?/u);
  assert.match((await cli('notice', 'add-email', 'a@b.c', '--digest-hour', '24')).stderr, /0 to 23/u);
  assert.match((await cli('notice', 'add-email', 'a@b, c@d')).stderr, /one e-mail address/u);
});
