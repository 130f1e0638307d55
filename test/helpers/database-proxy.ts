import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** A PostgreSQL behind a line that a test can cut: what a restart, a failover or a pulled cable looks like from here. */
export interface DatabaseProxy {
  /** The same address, through the proxy. */
  readonly url: string;
  /** Breaks every connection; new ones are refused until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** From now on nothing comes through in either direction, and no connection breaks, not even a new one. */
  swallow(): void;
  /** The next transaction that sends this text is committed, and whoever waits for the answer never gets it: the connection breaks instead. */
  loseCommitAfter(text: string): void;
  close(): Promise<void>;
}

export async function openDatabaseProxy(url: string): Promise<DatabaseProxy> {
  const target = new URL(url);
  const port = Number(target.searchParams.get('port') ?? (target.port || '5432'));
  const socketFolder = target.searchParams.get('host');
  const sockets = new Set<Socket>();
  let losing: { readonly text: string; of: Socket | null } | null = null;
  const watchForCommit = (client: Socket, server: Socket): void => {
    client.on('data', (bytes) => {
      if (losing === null) return;
      if (losing.of === null && bytes.includes(losing.text)) losing.of = client;
      if (losing.of !== client || !bytes.includes('commit\0')) return;
      losing = null;
      server.unpipe(client);
      server.once('data', () => client.destroy());
      server.resume();
    });
  };
  const pairs: (readonly [Socket, Socket])[] = [];
  let swallows = false;
  const accept = (client: Socket): void => {
    if (swallows) {
      sockets.add(client.on('error', () => undefined).pause());
      return;
    }
    const server =
      socketFolder === null
        ? connect(port, target.hostname)
        : connect(join(socketFolder, `.s.PGSQL.${port}`));
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
    pairs.push([client, server]);
    watchForCommit(client, server);
  };
  let listening: Server | null = await listen(accept, 0);
  const address = listening.address();
  const ours = typeof address === 'object' && address !== null ? address.port : 0;
  const cut = async (): Promise<void> => {
    const server = listening;
    listening = null;
    const closed = server === null ? undefined : new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(ours);
  through.searchParams.delete('host');
  through.searchParams.delete('port');
  return {
    url: through.href,
    cut,
    async mend() {
      listening ??= await listen(accept, ours);
    },
    swallow() {
      swallows = true;
      for (const pair of pairs) for (const socket of pair) socket.unpipe().pause();
    },
    loseCommitAfter(text) {
      losing = { text, of: null };
    },
    close: cut,
  };
}

function listen(accept: (client: Socket) => void, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(accept);
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
