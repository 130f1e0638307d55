import { constants, setPriority } from 'node:os';

/**
 * Lets the other threads of this process go first, so that requests are answered while a large roster is read. Threads that this one starts do as it
 * does. On Linux alone: elsewhere a priority is that of a whole process.
 */
export function workInBackground(platform = process.platform): void {
  if (platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
}
