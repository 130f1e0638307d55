import { errors, type JWTVerifyGetKey } from 'jose';
import type { System } from '#lib/system.ts';
import { IssuerUnavailableError } from '../access-errors.ts';
import type { FetchLimits } from './fetch-json.ts';
import { type IssuerDocuments, readIssuerDocuments } from './issuer-documents.ts';

/** The public keys of one external issuer. */
export interface IssuerKeys {
  /** For jose. Errors: IssuerUnavailableError, JOSEError. */
  readonly find: JWTVerifyGetKey;
  /** Reads them before the first token comes; answers what stands in the way, if anything does. */
  prepare(this: void): Promise<string | undefined>;
  /** Where people sign in, once it was read. */
  authorizationEndpoint(this: void): string | undefined;
}

/** After that they are read again with the next token: so long a key that was removed is still taken. */
const FRESH_MS = 5 * 60_000;
/** So long they are used when the issuer does not answer. */
const USABLE_MS = 60 * 60_000;
/** Between two reads that somebody's token asks for by an unknown key id: a flood of those is no flood for the issuer. */
const COOLDOWN_MS = 30_000;
/** Between two reads while there is nothing to use. */
const RETRY_MS = 5_000;
const MINIMUM_RSA_BITS = 2_048;

/** Nothing is read before `prepare` or the first token asks for it; one read at a time. */
export function issuerKeys(
  issuer: string,
  context: { readonly system: Pick<System, 'now'>; readonly limits: FetchLimits },
): IssuerKeys {
  const nowMs = (): number => context.system.now().getTime();
  let documents: IssuerDocuments | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let fault: string | undefined;
  let reading: Promise<void> | undefined;

  const read = (): Promise<void> =>
    (reading ??= (async () => {
      triedAtMs = nowMs();
      try {
        const found = await readIssuerDocuments(issuer, context.limits);
        fault = 'fault' in found ? found.fault : undefined;
        if ('fault' in found) return;
        documents = found;
        readAtMs = triedAtMs;
      } finally {
        reading = undefined;
      }
    })());

  /** Reads again what is old. Throws when there is nothing to use afterwards. */
  const usable = async (): Promise<IssuerDocuments> => {
    const age = (): number => nowMs() - readAtMs;
    const pauseMs = age() < USABLE_MS ? COOLDOWN_MS : RETRY_MS;
    // Whoever has fresh keys does not wait for a read that somebody's unknown key id has caused.
    if (age() >= FRESH_MS && (reading !== undefined || nowMs() - triedAtMs >= pauseMs)) await read();
    if (documents === undefined || age() >= USABLE_MS) throw unavailable();
    return documents;
  };
  const unavailable = (): IssuerUnavailableError => {
    const waitMs = Math.max(1_000, triedAtMs + RETRY_MS - nowMs());
    return new IssuerUnavailableError(issuer, fault ?? 'cannot be reached', Math.ceil(waitMs / 1_000));
  };

  return {
    async prepare() {
      await read();
      return fault;
    },
    authorizationEndpoint: () => documents?.authorizationEndpoint,
    async find(header, token) {
      const { keys } = await usable();
      try {
        return await checked(keys(header, token));
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        // A new key, or nonsense: the issuer is asked, but not by everybody.
        if (nowMs() - triedAtMs >= COOLDOWN_MS) await read();
        if (fault !== undefined) throw unavailable();
        return checked((await usable()).keys(header, token));
      }
    },
  };
}

/** What the issuer published may be no key at all; that is nobody's bug here. */
async function checked(key: ReturnType<IssuerDocuments['keys']>): ReturnType<IssuerDocuments['keys']> {
  try {
    const found = await key;
    const { modulusLength } = found.algorithm as { modulusLength?: number };
    if (modulusLength === undefined || modulusLength >= MINIMUM_RSA_BITS) return found;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw error;
  }
  throw new errors.JWKSInvalid('the key cannot be used');
}
