/** The domains that user names of a role may have, beside the one that names without a domain get; none: any. In small letters. */
export interface AcceptedDomains {
  readonly student: readonly string[];
  readonly teacher: readonly string[];
}

export const ANY_DOMAIN: AcceptedDomains = { student: [], teacher: [] };

const ROLES = ['student', 'teacher'] as const;
const MAX_DOMAINS = 100;
const DOMAIN = /^(?=.{1,255}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/u;

/** `before` with the roles that `change` names; null: it is no such change. */
export function changeAcceptedDomains(before: AcceptedDomains, change: unknown): AcceptedDomains | null {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return null;
  let domains = before;
  for (const [name, value] of Object.entries(change)) {
    const role = ROLES.find((known) => known === name);
    if (role === undefined || !Array.isArray(value) || value.length > MAX_DOMAINS) return null;
    const names: string[] = [];
    for (const item of value as readonly unknown[]) {
      const domain = typeof item === 'string' ? item.toLowerCase() : '';
      if (!DOMAIN.test(domain)) return null;
      names.push(domain);
    }
    domains = { ...domains, [role]: [...new Set(names)].toSorted() };
  }
  return domains;
}

/** What is behind the first `@`, in small letters; null: there is none. */
export function domainOf(userName: string): string | null {
  const at = userName.indexOf('@');
  return at === -1 ? null : userName.slice(at + 1).toLowerCase();
}
