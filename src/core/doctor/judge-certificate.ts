import { type Check, checksOf } from './check.ts';

export interface CertificateFacts {
  /** TLS_CERT; false: the one that Rollbook made. */
  readonly given: boolean;
  readonly path: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly matchesKey: boolean;
  /** A name that clients use and the certificate does not have; null: it has all. */
  readonly missingName: string | null;
}

const DAY_MS = 86_400_000;
const SOON_DAYS = 21;

export function judgeCertificate(facts: CertificateFacts, now: Date): Check {
  const { ok, warning, fault } = checksOf('network');
  const { given, path, validFrom, validTo, matchesKey, missingName } = facts;
  const until = validTo.toISOString().slice(0, 10);
  const name = 'certificate';
  const found = (what: string): string => `The certificate in ${path} ${what}.`;
  const isOver = now >= validTo;
  // What Rollbook made it makes anew.
  if (!given)
    return isOver
      ? warning(name, found(`ran out on ${until}`), 'Start Rollbook again: it makes a new one.')
      : ok(name, found(`was made by Rollbook, is good until ${until} and renewed before that`));
  if (!matchesKey)
    return fault(name, found('does not belong to the key in TLS_KEY'), 'Give the two that belong together.');
  const renew = 'Renew it and put the file in its place: it is read again every hour.';
  if (isOver) return fault(name, found(`ran out on ${until}`), renew);
  if (now < validFrom)
    return fault(
      name,
      found(`is not good before ${validFrom.toISOString().slice(0, 16)}Z`),
      'Wait until then, or set the clock.',
    );
  if (missingName !== null)
    return warning(
      name,
      found(`is not for ${missingName}, the host of PUBLIC_URL`),
      'Use a certificate with that name.',
    );
  if (validTo.getTime() - now.getTime() < SOON_DAYS * DAY_MS)
    return warning(name, found(`runs out on ${until}`), renew);
  return ok(name, found(`is good until ${until}`));
}
