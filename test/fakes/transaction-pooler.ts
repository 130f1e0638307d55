import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

import { Client } from 'pg';

/** A pooler in transaction mode on the wire, as pgbouncer is: a session of the server is lent for one transaction. */
export interface TransactionPooler {
  /** The URL of `serverUrl` by way of the pooler. */
  readonly url: string;
  close(): Promise<void>;
}

const SSL_REQUEST = 80_877_103;

export async function transactionPooler(serverUrl: string): Promise<TransactionPooler> {
  const idle: Socket[] = [];
  const all: Client[] = [];
  const open = async (): Promise<Socket> => {
    const client = new Client({ connectionString: serverUrl });
    client.on('error', () => undefined);
    await client.connect();
    all.push(client);
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    stream.removeAllListeners('data');
    return stream;
  };

  const serve = (socket: Socket): void => {
    socket.on('error', () => undefined);
    let started = false;
    let buffer = Buffer.alloc(0);
    let session: Socket | null = null;
    let waiting: Buffer[] = [];
    let asking = false;
    const onServerData = (chunk: Buffer): void => {
      socket.write(chunk);
      // ReadyForQuery outside of a transaction ends what was sent.
      if (!chunk.subarray(-6).equals(Buffer.from([0x5a, 0, 0, 0, 5, 0x49]))) return;
      session?.off('data', onServerData);
      if (session !== null) idle.push(session);
      session = null;
    };
    const forward = async (): Promise<void> => {
      if (asking) return;
      asking = true;
      session ??= await Promise.resolve(idle.pop() ?? open());
      if (session.listenerCount('data') === 0) session.on('data', onServerData);
      const messages = Buffer.concat(waiting);
      waiting = [];
      asking = false;
      if (messages.length > 0) session.write(messages);
    };
    socket.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      while (!started && buffer.length >= 8) {
        const size = buffer.readInt32BE(0);
        if (buffer.length < size) return;
        const code = buffer.readInt32BE(4);
        buffer = buffer.subarray(size);
        if (code === SSL_REQUEST) {
          socket.write('N');
          continue;
        }
        started = true;
        // AuthenticationOk, then ReadyForQuery: who logs in is not what this is about.
        socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]));
      }
      if (!started || buffer.length === 0) return;
      if (buffer[0] === 0x58) {
        socket.end();
        return;
      }
      waiting.push(buffer);
      buffer = Buffer.alloc(0);
      void forward();
    });
  };
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = new URL(serverUrl);
  own.searchParams.delete('host');
  own.hostname = '127.0.0.1';
  own.port = String((server.address() as AddressInfo).port);
  return {
    url: own.href,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const client of all)
        (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
      await closed;
    },
  };
}
