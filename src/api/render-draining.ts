/** Draining as the host's information shows it. Pure. */
import type { DrainingState } from '../supervisor/context.ts';
import type { DrainingView } from './contract-host.ts';
import { rfc3339 } from './rfc3339.ts';

export function renderDraining({ since, cause }: DrainingState): DrainingView {
  return { since: rfc3339(since), cause };
}

/** What a person has to know who wonders why nothing starts. */
export function drainingWarning({ since, cause }: DrainingState): string {
  const why =
    cause === 'command'
      ? 'as a command asked for'
      : 'because guests were stopped for a shutdown of the host';
  return `draining since ${rfc3339(since)}, ${why}: all guests are stopped and none is started; \`solovirt drain --cancel\` ends it`;
}
