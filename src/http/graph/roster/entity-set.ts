import { must } from '#lib/assert.ts';
import type { View, ViewNavigation } from '#storage/views/view.ts';

import type { Guard } from '../../auth/require-permission.ts';

/** A collection that has an address of its own, with all that hangs on it. */
export interface EntitySet {
  readonly view: View;
  readonly mayList: Guard;
  readonly mayRead: Guard;
  /** Navigations with a guard of their own; mayRead guards the others. */
  readonly guards?: Readonly<Record<string, Guard>>;
}

export function navigationOf(view: View, name: string): ViewNavigation {
  return must(view.navigations?.[name], `there is no navigation ${name} on ${view.typeName}`);
}
