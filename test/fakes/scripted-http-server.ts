import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface SeenRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** reset: the connection is cut without an answer. hang: none comes. drip: headers, and a body that never ends. flood: one that is as large as the reader likes. */
export type ScriptedAnswer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | 'reset'
  | 'hang'
  | 'drip'
  | 'flood';

export interface ScriptedHttpServer {
  readonly address: string;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

/** An HTTP server on the wire that answers what a test says, for what a real service does only in trouble. */
export async function scriptedHttpServer(
  answer: (request: SeenRequest, index: number) => ScriptedAnswer,
): Promise<ScriptedHttpServer> {
  const seen: SeenRequest[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const record: SeenRequest = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(parts),
    };
    seen.push(record);
    const next = answer(record, seen.length - 1);
    if (next === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    if (next === 'hang') return;
    if (next === 'drip') {
      response.writeHead(200).write('.');
      return;
    }
    if (next === 'flood') {
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', pour);
      pour();
      return;
    }
    const isText = typeof next.body === 'string';
    response.writeHead(next.status, {
      'content-type': isText ? 'text/plain' : 'application/json',
      ...next.headers,
    });
    response.end(next.body === undefined ? undefined : isText ? next.body : JSON.stringify(next.body));
  };
  const server = createServer((request, response) => {
    void handle(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    address: `http://127.0.0.1:${address.port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
