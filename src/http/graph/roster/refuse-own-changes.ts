import { ForbiddenError } from '#access/access-errors.ts';

/**
 * Where one lives is one's own to correct. Everything else says to others who somebody is (names, role, grade, ids), opens doors (account,
 * user name, mail, password, usage location) or protects a child (birth date, contacts): it comes from the source or from an
 * administrator. A list of what may be, so that a property that is added later is closed until somebody opens it.
 */
const OWN: ReadonlySet<string> = new Set(['mailingAddress', 'residenceAddress']);

/** Throws ForbiddenError for a path that people may not change of themselves. */
export function refuseOwnChanges(paths: readonly string[]): void {
  for (const path of paths) {
    const [property = ''] = path.split('/');
    if (OWN.has(property)) continue;
    throw new ForbiddenError(
      `Insufficient privileges to complete the operation. People change ${[...OWN].join(' and ')} of themselves; "${property}" comes from the source or from an administrator.`,
    );
  }
}
