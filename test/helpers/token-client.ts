import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a client program is asked; it knows one credential per name. */
export interface TokenAsked {
  readonly ask: 'open' | 'token' | 'clock';
  /** Which credential. */
  readonly name?: string;
  /** Of open. */
  readonly secret?: string;
  /** Of token: leave the cache aside. */
  readonly fresh?: boolean;
  /** Of clock: milliseconds since 1970 that the client takes it to be. */
  readonly timeMs?: number;
}

export interface TokenGot {
  readonly token?: string;
  readonly expiresAtMs?: number;
  readonly error?: { readonly name: string; readonly message: string; readonly detail?: unknown };
}

/** A real client library in a process of its own, which trusts the certificate of the service as its user would make it. */
export interface TokenClient {
  ask(asked: TokenAsked): Promise<TokenGot>;
  close(): Promise<void>;
}

/** `program` reads a line of JSON from stdin per question, and writes one per answer. It gets the addresses by its environment. */
export function startTokenClient(
  program: string,
  service: {
    readonly secureUrl: string;
    readonly dataDir: string;
    readonly tenantId: string;
    readonly clientId: string;
  },
): TokenClient {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_EXTRA_CA_CERTS: `${service.dataDir}/tls/cert.pem`,
      AUTHORITY: service.secureUrl,
      TENANT: service.tenantId,
      CLIENT: service.clientId,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    async ask(asked) {
      child.stdin.write(`${JSON.stringify(asked)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error(`the client ended: ${errors}`);
      return JSON.parse(line.value) as TokenGot;
    },
    async close() {
      child.stdin.end();
      await closed;
    },
  };
}
