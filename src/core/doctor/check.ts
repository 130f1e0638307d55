/** ok; warning: it works, and will not always; fault: change it before you rely on it; unknown: it could not be looked at. */
export const HEALTHS = ['ok', 'warning', 'fault', 'unknown'] as const;
export type Health = (typeof HEALTHS)[number];

export const AREAS = ['settings', 'disk', 'machine', 'network', 'secrets', 'database', 'uploads'] as const;
export type Area = (typeof AREAS)[number];

/** One thing that was looked at. */
export interface Check {
  readonly area: Area;
  /** A few words, the same every time: `free space`. */
  readonly name: string;
  readonly health: Health;
  /** What is so, in a sentence. Never a secret, and nothing of a tenant. */
  readonly found: string;
  /** What to change; absent where nothing has to be. */
  readonly remedy?: string;
}

/** Makes the checks of an area. */
export function checksOf(area: Area): {
  readonly ok: (name: string, found: string) => Check;
  readonly warning: (name: string, found: string, remedy: string) => Check;
  readonly fault: (name: string, found: string, remedy: string) => Check;
  readonly unknown: (name: string, found: string, remedy?: string) => Check;
} {
  return {
    ok: (name, found) => ({ area, name, health: 'ok', found }),
    warning: (name, found, remedy) => ({ area, name, health: 'warning', found, remedy }),
    fault: (name, found, remedy) => ({ area, name, health: 'fault', found, remedy }),
    unknown: (name, found, remedy) => ({
      area,
      name,
      health: 'unknown',
      found,
      ...(remedy === undefined ? {} : { remedy }),
    }),
  };
}

const WORST_FIRST: readonly Health[] = ['fault', 'warning', 'unknown', 'ok'];

/** Of all: a fault above a warning above what nobody knows. */
export function worstOf(checks: readonly Check[]): Health {
  return WORST_FIRST.find((health) => checks.some((check) => check.health === health)) ?? 'ok';
}

/** `3.2 GiB`, `250 MiB`. */
export function sizeText(bytes: number): string {
  const gib = bytes / 1024 ** 3;
  return gib >= 1 ? `${gib.toFixed(1)} GiB` : `${Math.round(bytes / 1024 ** 2)} MiB`;
}
