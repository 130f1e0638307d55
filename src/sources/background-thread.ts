import { constants, setPriority as setPriorityOfThread } from 'node:os';

/**
 * Lets the other threads of this process go first, so that requests are answered while a large roster is read. Threads that this one starts do as it
 * does. On Linux alone: elsewhere a priority is that of a whole process. Where the system refuses it (a container may), the thread works as before.
 */
export function workInBackground(platform = process.platform, setPriority = setPriorityOfThread): void {
  if (platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It is a courtesy, and no condition of a sync.
  }
}
