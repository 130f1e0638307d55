import type { GraphVersion } from '../../scopes.ts';
import { directoryModel } from './directory-model.ts';
import { mergeModels, type Model } from './model.ts';
import { rosterModel } from './roster-model.ts';
import { SYNCHRONIZATION_MODEL } from './synchronization-model.ts';

/** Everything that a version serves. Whoever serves more adds a part here. */
export function servedModel(version: GraphVersion): Required<Model> {
  return mergeModels([
    rosterModel(version),
    directoryModel(version),
    ...(version === 'beta' ? [SYNCHRONIZATION_MODEL] : []),
  ]);
}
