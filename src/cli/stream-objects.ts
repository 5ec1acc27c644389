/**
 * `--watch -o json|yaml`: each change as a Kubernetes watch event, one JSON line or YAML document each.
 */
import type { WatchEvent } from '../api/contract-meta.ts';
import type { Change } from '../client/follow.ts';
import type { CliContext } from './context.ts';
import { writeOut } from './context.ts';
import { type DataFormat, renderStreamed } from './format/output.ts';

export async function streamObjects<T>(
  context: CliContext,
  changes: AsyncIterable<Change<T>>,
  format: DataFormat,
): Promise<void> {
  for await (const change of changes)
    for (const event of watchEvents(change))
      await writeOut(context, await renderStreamed(event, format));
}

function watchEvents<T>(change: Change<T>): WatchEvent<T>[] {
  switch (change.type) {
    case 'listed':
      return change.list.items.map((object) => ({ type: 'ADDED', object }));
    case 'changed':
      return [{ type: 'MODIFIED', object: change.object }];
    case 'deleted':
      return [{ type: 'DELETED', object: change.object }];
  }
}
