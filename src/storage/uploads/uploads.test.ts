import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { DEFAULT_UPLOAD_LIMITS } from '#core/upload/upload-limits.ts';
import { ConflictError } from '#lib/errors.ts';
import { realSystem } from '#lib/system.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';
import { inTenant, type Tx } from '../database.ts';
import { addBlock } from './add-block.ts';
import { commitFile } from './commit-file.ts';
import { eraseUpload } from './erase-upload.ts';
import { findEarlierSets } from './find-earlier-sets.ts';
import { findErasableUploads } from './find-erasable-uploads.ts';
import { findOpenUpload } from './find-open-upload.ts';
import { findSealedUpload } from './find-sealed-upload.ts';
import { listFiles } from './list-files.ts';
import { openUpload } from './open-upload.ts';
import { saveReading } from './save-reading.ts';
import { sealUpload } from './seal-upload.ts';
import { UploadRefusedError } from './upload-refused.ts';

const limits = DEFAULT_UPLOAD_LIMITS;

describe('uploads in the database', () => {
  let database: TestDatabase;
  let tenant: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  before(async () => {
    database = await testDatabase();
    tenant = (work) => inTenant(database.db, database.tenantId, work);
  });
  after(() => database.close());

  const make = () => ({ id: realSystem.newId(), wrappedKey: Buffer.alloc(40, 1) });
  const newUpload = async () => {
    const profileId = await insertProfile(database.db, database.tenantId);
    const { id: uploadId } = await tenant((tx) => openUpload(tx, profileId, make));
    return { profileId, uploadId };
  };
  const file = (name: string) => ({
    name,
    objectName: realSystem.newId(),
    sizeBytes: 3,
    sha256: createHash('sha256').update(name).digest(),
    md5: createHash('md5').update(name).digest(),
  });
  const refused = (refusal: string) => (error: unknown) =>
    error instanceof UploadRefusedError && error.refusal === refusal;

  test('two who ask for the open upload at once get the same one', async () => {
    const profileId = await insertProfile(database.db, database.tenantId);
    const opened = await Promise.all(
      Array.from({ length: 6 }, () => tenant((tx) => openUpload(tx, profileId, make))),
    );
    assert.equal(new Set(opened.map((upload) => upload.id)).size, 1);
  });

  test('a commit under way goes in before the seal, one that comes later is refused', async () => {
    const { profileId, uploadId } = await newUpload();
    let sealing: ReturnType<typeof sealUpload> | undefined;
    await tenant(async (tx) => {
      await commitFile(tx, uploadId, file('School.csv'), { limits });
      sealing = tenant((other) => sealUpload(other, profileId));
      await waitUntilBlocked();
    });
    const sealed = await sealing;
    assert.deepEqual(
      sealed?.files.map(({ name }) => name),
      ['School.csv'],
    );
    const late = (work: (tx: Tx) => Promise<unknown>) => assert.rejects(tenant(work), refused('sealed'));
    await late((tx) => commitFile(tx, uploadId, file('Section.csv'), { limits }));
    await late((tx) => addBlock(tx, uploadId, { ...file('x'), fileName: 'x', blockId: 'AAAA' }, limits));
    await late((tx) => findOpenUpload(tx, { profileId, uploadId, fileName: 'x' }));
  });

  test('a commit that waits for the seal is refused, and the next upload is another', async () => {
    const { profileId, uploadId } = await newUpload();
    let committing: Promise<unknown> | undefined;
    await tenant(async (tx) => {
      await sealUpload(tx, profileId);
      committing = assert.rejects(
        tenant((other) => commitFile(other, uploadId, file('School.csv'), { limits })),
        refused('sealed'),
      );
      await waitUntilBlocked();
      await assert.rejects(
        tenant((other) => openUpload(other, profileId, make)),
        ConflictError,
        'uploadUrl while a start seals',
      );
    });
    await committing;
    assert.deepEqual(await tenant((tx) => listFiles(tx, uploadId)), []);
    assert.notEqual((await tenant((tx) => openUpload(tx, profileId, make))).id, uploadId);
  });

  test('a seal that is rolled back leaves the upload open, with its blocks', async () => {
    const { profileId, uploadId } = await newUpload();
    const block = { fileName: 'a.csv', blockId: 'AAAA', objectName: realSystem.newId(), sizeBytes: 1 };
    await tenant((tx) => addBlock(tx, uploadId, block, limits));
    const failing = tenant(async (tx) => {
      await sealUpload(tx, profileId);
      throw new Error('the start was refused');
    });
    await assert.rejects(failing, /refused/);
    assert.equal((await tenant((tx) => openUpload(tx, profileId, make))).id, uploadId);
    assert.deepEqual((await tenant((tx) => sealUpload(tx, profileId)))?.garbage, [block.objectName]);
  });

  test('a file made from a block that was replaced meanwhile is refused', async () => {
    const { uploadId } = await newUpload();
    const block = { fileName: 'a.csv', blockId: 'AAAA', sizeBytes: 1 };
    const first = { ...block, objectName: realSystem.newId() };
    await tenant((tx) => addBlock(tx, uploadId, first, limits));
    const second = { ...block, objectName: realSystem.newId() };
    assert.deepEqual(await tenant((tx) => addBlock(tx, uploadId, second, limits)), [first.objectName]);
    const madeFrom = (objectName: string) =>
      tenant((tx) => commitFile(tx, uploadId, file('A.csv'), { limits, madeFrom: [objectName] }));
    await assert.rejects(madeFrom(first.objectName), refused('blockMissing'));
    assert.deepEqual(await madeFrom(second.objectName), [second.objectName]);
  });

  test('another tenant neither sees nor changes it', async () => {
    const { profileId, uploadId } = await newUpload();
    const foreign = (work: (tx: Tx) => Promise<unknown>) =>
      assert.rejects(inTenant(database.db, realSystem.newId(), work), refused('gone'));
    await foreign((tx) => findOpenUpload(tx, { profileId, uploadId, fileName: 'x' }));
    await foreign((tx) => commitFile(tx, uploadId, file('School.csv'), { limits }));
  });

  test('erasing drops the key once', async () => {
    const { profileId, uploadId } = await newUpload();
    const school = file('School.csv');
    await tenant((tx) => commitFile(tx, uploadId, school, { limits }));
    await tenant((tx) => sealUpload(tx, profileId));
    assert.ok(await tenant((tx) => findSealedUpload(tx, uploadId)));
    assert.deepEqual(await tenant((tx) => eraseUpload(tx, uploadId)), [school.objectName]);
    assert.deepEqual(await tenant((tx) => eraseUpload(tx, uploadId)), []);
    assert.equal(await tenant((tx) => findSealedUpload(tx, uploadId)), undefined);
  });

  test('what may be erased: sealed, old, read by no run, and not the last of its profile', async () => {
    const { profileId, uploadId: first } = await newUpload();
    await tenant((tx) => sealUpload(tx, profileId));
    const erasable = async (retentionDays: number) => {
      const found = await findErasableUploads(asTx(), { retentionDays, limit: 1000 });
      return found.filter((upload) => [first, second].includes(upload.uploadId)).map((u) => u.uploadId);
    };
    let second = '';
    assert.deepEqual(await erasable(0), [], 'the last one');
    second = (await tenant((tx) => openUpload(tx, profileId, make))).id;
    await tenant((tx) => sealUpload(tx, profileId));
    assert.deepEqual(await erasable(0), [], 'delta files may still be merged with it: none of both was read');
    await tenant((tx) => saveReading(tx, second, null));
    assert.deepEqual(await erasable(0), [], 'the newer one could not be read');
    await tenant((tx) => tx.query('update upload set reading = null where id = $1', [second]));
    await tenant((tx) => saveReading(tx, second, 'sds-v1'));
    assert.deepEqual(await erasable(0), [first]);
    assert.deepEqual(await erasable(1), [], 'too young');
    const runId = realSystem.newId();
    await tenant((tx) =>
      tx.query(
        `insert into run (tenant_id, id, profile_id, upload_id, state, requested_by)
         values (current_tenant(), $1, $2, $3, 'held', 'test')`,
        [runId, profileId, first],
      ),
    );
    assert.deepEqual(await erasable(0), [], 'a run may still read it');
    await tenant((tx) => tx.query(`update run set state = 'completed' where id = $1`, [runId]));
    assert.deepEqual(await erasable(0), [first]);
    await tenant((tx) => tx.query('update profile set deleted_at = now() where id = $1', [profileId]));
    assert.deepEqual(await erasable(0), [first, second], 'all of a deleted profile');
  });

  for (const trigger of ['expiration', 'expirationUndo'])
    test(`what was let in before an ${trigger} stays: its files are read again by what is tried again`, async () => {
      const { profileId, uploadId } = await newUpload();
      await tenant((tx) => sealUpload(tx, profileId));
      const { id: rejected } = await tenant((tx) => openUpload(tx, profileId, make));
      await tenant((tx) => sealUpload(tx, profileId));
      const [accepted, directory] = [realSystem.newId(), realSystem.newId()];
      await tenant(async (tx) => {
        await tx.query(`update upload set reading = 'whole' where profile_id = $1`, [profileId]);
        await tx.query(
          `insert into run (tenant_id, id, profile_id, upload_id, state, trigger, requested_by, created_at, expired_on, kept_in_id)
           values (current_tenant(), $1, $3, $4, 'completed', 'start', 'test', now() - interval '3 days', null, null),
                  (current_tenant(), gen_random_uuid(), $3, $5, 'rejected', 'start', 'test', now() - interval '2 days', null, null),
                  (current_tenant(), $2, $3, null, 'completed', $6, 'test', now() - interval '1 day', '2026-07-31', $2)`,
          [accepted, directory, profileId, uploadId, rejected, trigger],
        );
      });
      const erasable = async (): Promise<string[]> => {
        const found = await findErasableUploads(asTx(), { retentionDays: 0, limit: 1000 });
        return found.map((upload) => upload.uploadId).filter((id) => [uploadId, rejected].includes(id));
      };
      const accept = (runId: string): Promise<unknown> =>
        tenant((tx) => tx.query('update profile set accepted_run_id = $2 where id = $1', [profileId, runId]));
      await accept(accepted);
      assert.deepEqual(await erasable(), []);
      await accept(directory);
      assert.deepEqual(await erasable(), []);
    });

  test('an upload that was refused is still known to be missing when its bytes are erased', async () => {
    const { profileId, uploadId: whole } = await newUpload();
    const sealAs = async (reading: string): Promise<string> => {
      const { id } = await tenant((tx) => openUpload(tx, profileId, make));
      await tenant((tx) => sealUpload(tx, profileId));
      await tenant((tx) => tx.query('update upload set reading = $2 where id = $1', [id, reading]));
      return id;
    };
    await sealAs('whole');
    const refused = [await sealAs('refused'), await sealAs('refused')];
    const { id: delta } = await tenant((tx) => openUpload(tx, profileId, make));
    await tenant((tx) => sealUpload(tx, profileId));
    const earlier = async (): Promise<string[]> => {
      const [profile] = await tenant((tx) =>
        tx.query<{ source: string }>('select source_system_id as source from profile where id = $1', [
          profileId,
        ]),
      );
      const sets = await tenant((tx) => findEarlierSets(tx, profile?.source ?? '', delta));
      return sets.map(({ uploadId }) => uploadId);
    };
    assert.deepEqual(await earlier(), [whole, ...refused]);
    await tenant((tx) => eraseUpload(tx, refused[0] ?? ''));
    assert.deepEqual(await earlier(), [whole, ...refused]);
  });

  /** The owner, outside a transaction: enough to look. */
  function asTx(): Tx {
    const { owner } = database.db;
    return {
      query: async (text, values) => (await owner.query(text, values && [...values])).rows,
    } as Tx;
  }

  async function waitUntilBlocked(): Promise<void> {
    for (let tries = 0; tries < 1000; tries += 1) {
      const { rows } = await database.db.owner.query(
        `select 1 from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database()`,
      );
      if (rows.length > 0) return;
      await realSystem.sleep(5);
    }
    assert.fail('nobody waited for a lock');
  }
});
