/** Why there is no answer, in our words: the end of the sentence "the identity provider ...". */
export interface FetchFault {
  readonly fault: string;
}

export interface FetchLimits {
  /** For all of it, from the name to the last byte. */
  readonly timeoutMs: number;
  readonly maximumBytes: number;
}

/**
 * Gets a JSON document. No redirect is followed, nothing beyond the limits is read. Never throws for what the other side does.
 * `url` is one that the settings or a document of the configured issuer name.
 */
export async function fetchJson(
  url: string,
  limits: FetchLimits,
): Promise<{ readonly json: unknown } | FetchFault> {
  const signal = AbortSignal.timeout(limits.timeoutMs);
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal,
      headers: { accept: 'application/json', 'user-agent': 'Rollbook' },
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      const isRedirect = response.status >= 300 && response.status < 400;
      return { fault: `answered ${response.status}${isRedirect ? '; redirects are not followed' : ''}` };
    }
    const text = await readText(response, limits.maximumBytes);
    if (text === undefined) return { fault: `answered more than ${limits.maximumBytes} bytes` };
    return { json: JSON.parse(text) as unknown };
  } catch (error) {
    if (signal.aborted) return { fault: `did not answer within ${limits.timeoutMs / 1_000} seconds` };
    if (error instanceof SyntaxError) return { fault: 'answered what is no JSON' };
    return { fault: `cannot be reached${codeOf(error)}` };
  }
}

/** Undefined: it is too long. */
async function readText(response: Response, maximumBytes: number): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  if (response.body !== null)
    for await (const part of response.body as AsyncIterable<Uint8Array>) {
      bytes += part.length;
      // Leaving the loop cancels the stream.
      if (bytes > maximumBytes) return undefined;
      parts.push(part);
    }
  return Buffer.concat(parts).toString('utf8');
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^[A-Z_0-9]{1,60}$/.test(code) ? ` (${code})` : '';
}
