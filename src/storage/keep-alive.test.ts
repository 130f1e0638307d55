/** A server that vanishes without a word is noticed: the system probes connections on which nothing comes. Linux says when it will. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import type { ClientBase } from 'pg';

import { must } from '#lib/assert.ts';
import { realSystem } from '#lib/system.ts';
import { type DatabaseProxy, openDatabaseProxy } from '#test/helpers/database-proxy.ts';
import { TEST_APP_PASSWORD, type TestDatabase, testDatabase } from '#test/helpers/database.ts';

import { inTenant, openDatabase } from './database.ts';
import { prepareRoles } from './roles.ts';
import { openStageSession } from './stage/stage-session.ts';

let database: TestDatabase;
let proxy: DatabaseProxy;
before(async () => {
  database = await testDatabase();
  proxy = await openDatabaseProxy(database.url);
});
after(async () => {
  await proxy.close();
  await database.close();
});

const TICKS_PER_SECOND = 100;

/** proc_pid_net(5): the kind of the next timer of a connection (02: keepalive) and when it is due. */
async function secondsToProbe(client: ClientBase): Promise<number> {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  const port = must(stream.localPort).toString(16).toUpperCase().padStart(4, '0');
  for (let attempt = 0; attempt < 500; attempt++) {
    const lines = (await readFile('/proc/net/tcp', 'utf8'))
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    const [kind, due] =
      lines.find(([, local]) => local?.endsWith(`:${port}`) === true)?.[5]?.split(':') ?? [];
    if (kind === '02' && due !== undefined) return Number.parseInt(due, 16) / TICKS_PER_SECOND;
    await wait(10);
  }
  throw new Error('no probe is due');
}

if (process.platform === 'linux')
  test('connections of pools and stages are probed within seconds, not after hours', async () => {
    const address = await prepareRoles({
      url: proxy.url,
      appPassword: TEST_APP_PASSWORD,
      serverIsOurs: true,
    });
    const db = openDatabase(address);
    const stage = await openStageSession(address.appConnectionString, database.tenantId, realSystem.newId());
    try {
      await inTenant(db, database.tenantId, async (tx) => {
        await tx.query('select 1');
        assert.ok((await secondsToProbe(tx.client)) <= 10);
      });
      await stage.client.query('select 1');
      assert.ok((await secondsToProbe(stage.client)) <= 10);
    } finally {
      await stage.close();
      await db.close();
    }
  });
