import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fastify, { LogController } from 'fastify';

import { signUploadUrl, UPLOAD_SIGNATURE_PURPOSE } from '#access/upload-signature.ts';
import { openTelemetry } from '#core/telemetry/telemetry.ts';
import type { FileStore } from '#files/file-store.ts';
import { openLocalFileStore } from '#files/local-file-store.ts';
import { openUploadWithKey } from '#files/open-upload-with-key.ts';
import { readSealedUpload } from '#files/read-sealed-upload.ts';
import { registerUploads, type UploadsOptions } from '#http/uploads/register-uploads.ts';
import { realSystem, type System } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { sealUpload } from '#storage/uploads/seal-upload.ts';
import { testDatabase, type TestDatabase } from './database.ts';
import { insertProfile } from './insert-profile.ts';
import { testSecretBox } from './secret-box.ts';

export interface UploadServer extends TestDatabase {
  readonly baseUrl: string;
  readonly files: FileStore;
  readonly directory: string;
  /** The clock that signatures are checked with. */
  now: Date;
  /** What the server logged, as text. */
  readonly log: string[];
  newProfile(): Promise<string>;
  /** The open upload of a profile and its URL. */
  uploadUrl(profileId: string, expiresAt?: Date): Promise<{ url: string; uploadId: string }>;
  /** Seals the open upload, as a start does. */
  seal(profileId: string): Promise<string>;
  /** Plain bytes of a sealed upload's files by name. */
  readBack(uploadId: string): Promise<Map<string, Buffer>>;
  /** Names of everything on the disk. */
  objects(): Promise<string[]>;
}

/** A Fastify server with nothing but uploads, on a real store and a real database. */
export async function uploadServer(options: UploadsOptions = {}): Promise<UploadServer> {
  const database = await testDatabase();
  const { db, tenantId } = database;
  const directory = await mkdtemp(join(tmpdir(), 'rollbook-uploads-'));
  const files = openLocalFileStore({ directory });
  const log: string[] = [];
  const state = { now: new Date() };
  const system: System = { ...realSystem, now: () => state.now };
  const server = fastify({
    bodyLimit: 1024, // must not matter to uploads
    logController: new LogController({ disableRequestLogging: true }), // URLs hold signatures; as in http/server
    logger: { level: 'trace', stream: { write: (line: string) => void log.push(line) } },
  });
  registerUploads(
    server,
    { db, files, secretBox: testSecretBox, system, telemetry: openTelemetry() },
    options,
  );
  await server.listen({ port: 0, host: '127.0.0.1' });
  const baseUrl = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  const key = testSecretBox.deriveKey(UPLOAD_SIGNATURE_PURPOSE, 32);

  return {
    ...database,
    baseUrl,
    files,
    directory,
    log,
    get now() {
      return state.now;
    },
    set now(value: Date) {
      state.now = value;
    },
    newProfile: () => insertProfile(db, tenantId),
    async uploadUrl(profileId, expiresAt = new Date(state.now.getTime() + 3_600_000)) {
      const { uploadId } = await inTenant(db, tenantId, (tx) =>
        openUploadWithKey(tx, { system, secretBox: testSecretBox }, profileId),
      );
      return { url: signUploadUrl({ baseUrl, tenantId, profileId, uploadId, expiresAt, key }), uploadId };
    },
    async seal(profileId) {
      const sealed = await inTenant(db, tenantId, (tx) => sealUpload(tx, profileId));
      if (sealed === undefined) throw new Error('there was no open upload');
      for (const name of sealed.garbage) await files.remove(name);
      return sealed.uploadId;
    },
    async readBack(uploadId) {
      const { key: uploadKey, files: uploaded } = await readSealedUpload(
        db,
        testSecretBox,
        tenantId,
        uploadId,
      );
      const contents = new Map<string, Buffer>();
      for (const { name, objectName } of uploaded) {
        const pieces: Buffer[] = [];
        for await (const piece of files.read(objectName, uploadKey)) pieces.push(piece);
        contents.set(name, Buffer.concat(pieces));
      }
      return contents;
    },
    async objects() {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    },
    async close() {
      await server.close();
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
