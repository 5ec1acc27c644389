/** When an instance ended, although nobody may have watched. */
import { statSync } from 'node:fs';
import type { Evidence } from '../core/model/evidence.ts';
import type { InstancePaths } from '../core/paths.ts';

/** @returns Unix ms from the wait status' file or the last event; undefined when neither is there */
export function endedAt(paths: InstancePaths, evidence: Evidence): number | undefined {
  const exitFile = statSync(paths.exit, { throwIfNoEntry: false });
  return exitFile === undefined ? evidence.events.at(-1)?.at : Math.round(exitFile.mtimeMs);
}
