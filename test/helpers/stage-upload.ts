import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { openLocalFileStore } from '#files/local-file-store.ts';
import { realSystem } from '#lib/system.ts';
import type { StageInput } from '#sources/stage-upload.ts';
import type { MappingSettings } from '#sources/contract.ts';
import { FINDING_LIMITS } from '#sources/finding-collector.ts';
import { DEFAULT_ZIP_LIMITS } from '#sources/zip/zip-entry.ts';
import { inTenant } from '#storage/database.ts';
import { readSealedHashKey } from '#storage/tenants/read-hash-key.ts';
import type { TestDatabase } from './database.ts';
import { testSecretBox } from './secret-box.ts';

export const CREATE_MAPPING: MappingSettings = {
  mappingVersion: 1,
  optionalProperties: { school: null, section: null, student: null, teacher: null },
  identity: {
    mode: 'create',
    domains: { student: 'students.contoso.example', teacher: 'contoso.example' },
  },
  replaceSpecialCharacters: false,
};

export const MATCH_MAPPING: MappingSettings = {
  ...CREATE_MAPPING,
  identity: {
    mode: 'match',
    options: {
      student: { sourceProperty: 'Username', targetProperty: 'userPrincipalName', targetDomain: 's.example' },
      teacher: { sourceProperty: 'Username', targetProperty: 'userPrincipalName', targetDomain: 't.example' },
    },
  },
};

export const TEST_SECRET_KEYS = [{ version: 1, key: Buffer.alloc(32, 7) }];

/** Puts files into an encrypted store under `work`, makes a run that is being staged, and answers what its stage is given. */
export async function stageInput(
  database: TestDatabase,
  source: { readonly sourceSystemId: string; readonly profileId: string },
  work: string,
  files: { readonly folder: string } | Readonly<Record<string, string | Buffer>>,
  options: { readonly mapping?: MappingSettings; readonly confirmedFiles?: readonly string[] } = {},
): Promise<StageInput> {
  const { db, tenantId } = database;
  const directory = join(work, 'uploads');
  const store = openLocalFileStore({ directory });
  const key = randomBytes(32);
  const uploaded: StageInput['upload']['files'][number][] = [];
  const add = async (name: string, plain: AsyncIterable<Uint8Array>, sizeBytes: number): Promise<void> => {
    const objectName = realSystem.newId();
    await store.write(objectName, plain, key, { maxSizeBytes: Number.MAX_SAFE_INTEGER });
    uploaded.push({ name, objectName, sizeBytes });
  };
  if ('folder' in files && typeof files.folder === 'string') {
    for (const name of await readdir(files.folder)) {
      const path = join(files.folder, name);
      await add(name, createReadStream(path, { highWaterMark: 1 << 20 }), (await stat(path)).size);
    }
  } else {
    for (const [name, content] of Object.entries(files)) {
      const bytes = Buffer.from(content);
      await add(name, oneChunk(bytes), bytes.length);
    }
  }
  const runId = realSystem.newId();
  const hashKey = await inTenant(db, tenantId, async (tx) => {
    await tx.query(
      `update run set state = 'completed' where profile_id = $1 and state in ('staging', 'planning', 'applying')`,
      [source.profileId],
    );
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, epoch, requested_by) values (current_tenant(), $1, $2, 'staging', 1, 'test')`,
      [runId, source.profileId],
    );
    return testSecretBox.open(await readSealedHashKey(tx));
  });
  return {
    tenantId,
    runId,
    epoch: 1,
    sourceSystemId: source.sourceSystemId,
    connectionString: db.appConnectionString,
    store: { kind: 'local', directory },
    upload: {
      key,
      files: uploaded,
      uploadId: realSystem.newId(),
      sealedAt: realSystem.now().toISOString(),
      merged: false,
    },
    earlier: [],
    mapping: options.mapping ?? CREATE_MAPPING,
    format: null,
    hashKey,
    secretKeys: TEST_SECRET_KEYS,
    snapshotsDirectory: join(work, 'snapshots'),
    confirmedFiles: options.confirmedFiles ?? [],
    zipLimits: DEFAULT_ZIP_LIMITS,
    readThreads: 0,
    findingLimits: FINDING_LIMITS,
  };
}

// oxlint-disable-next-line typescript/require-await
async function* oneChunk(bytes: Buffer): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
