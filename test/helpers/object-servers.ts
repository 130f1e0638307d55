import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { BlobServiceClient } from '@azure/storage-blob';

import type { AzureOptions } from '../../src/files/remote/azure-bucket.ts';
import type { S3Options } from '../../src/files/remote/s3-bucket.ts';
import { freePort } from './free-port.ts';

/** A storage of objects as a process or server of its own, with an empty bucket. */
export interface ObjectServer<Options> {
  readonly options: Options;
  close(this: void): Promise<void>;
}

/** What the S3 server takes. It checks who signs; its check of signatures stumbles over the slash behind a bucket, so it is off. */
const S3_KEY = 'S3RVER';
const CONTAINER = 'uploads';
/** The account that Azurite has, and everybody knows. */
const AZURITE = {
  name: 'devstoreaccount1',
  key: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
};

/** What we use of s3rver, which has no types. */
interface S3Server {
  run(): Promise<{ port: number }>;
  close(): Promise<void>;
}
type S3ServerClass = new (options: Record<string, unknown>) => S3Server;

/** One that goes away, and comes back at the same address with what it had. */
export interface S3TestServer extends ObjectServer<S3Options> {
  goAway(this: void): Promise<void>;
  comeBack(this: void): Promise<void>;
}

export async function startS3Server(): Promise<S3TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'rollbook-s3-'));
  const S3rver = createRequire(import.meta.url)('@20minutes/s3rver') as S3ServerClass;
  const start = async (at: number): Promise<{ server: S3Server; port: number }> => {
    const server = new S3rver({
      address: '127.0.0.1',
      port: at,
      silent: true,
      allowMismatchedSignatures: true,
      directory,
      configureBuckets: [{ name: CONTAINER }],
    });
    return { server, port: (await server.run()).port };
  };
  let running = await start(0);
  const { port } = running;
  const goAway = (): Promise<void> => running.server.close();
  return {
    options: {
      bucket: CONTAINER,
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      accessKeyId: S3_KEY,
      secretAccessKey: S3_KEY,
      prefix: 'rollbook/',
    },
    goAway,
    async comeBack() {
      running = await start(port);
    },
    async close() {
      await goAway().catch(() => undefined);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function startAzurite(): Promise<ObjectServer<AzureOptions>> {
  const port = await freePort();
  const program = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  const child = spawn(
    process.execPath,
    [
      program,
      '--blobHost',
      '127.0.0.1',
      '--blobPort',
      String(port),
      '--inMemoryPersistence',
      '--silent',
    ].concat(['--skipApiVersionCheck', '--disableTelemetry']),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const connection = `DefaultEndpointsProtocol=http;AccountName=${AZURITE.name};AccountKey=${AZURITE.key};BlobEndpoint=http://127.0.0.1:${port}/${AZURITE.name};`;
  await waitForPort(port);
  await BlobServiceClient.fromConnectionString(connection).getContainerClient(CONTAINER).create();
  return {
    options: { connection, container: CONTAINER, prefix: 'rollbook/' },
    async close() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await exited;
    },
  };
}

async function waitForPort(port: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('close', () => socket.destroy());
    });
    if (open) return;
    await wait(100);
  }
  throw new Error(`nothing listens at ${port}`);
}
