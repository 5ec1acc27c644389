/** How many requests were answered, and how. Bounded whatever clients ask for: labels are those of our own tables. */
import type { RequestListener } from 'node:http';
import type { Route } from './route.ts';
import { match } from './router.ts';

export interface RequestCount {
  readonly method: string;
  /** Of the route, not of the request; `none` where no route matched. */
  readonly path: string;
  readonly code: number;
  readonly count: number;
}

/** What else a client may send is one more kind (`other`). */
const METHODS: ReadonlySet<string> = new Set(['GET', 'PUT', 'POST', 'PATCH', 'DELETE']);

export class RequestTally {
  readonly #counts = new Map<string, RequestCount>();
  /** Requests that are being answered, watches among them. */
  inFlight = 0;

  /** @param path of the route that answered; undefined when there was none */
  answered(method: string, path: string | undefined, code: number): void {
    const known = METHODS.has(method) ? method : 'other';
    const route = path ?? 'none';
    const key = `${known} ${route} ${code}`;
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { method: known, path: route, code, count });
  }

  all(): readonly RequestCount[] {
    return [...this.#counts.values()];
  }
}

/** Counts what `listener` answers. */
export function counted(
  listener: RequestListener,
  rows: readonly Route[],
  tally: RequestTally,
): RequestListener {
  return (request, response) => {
    tally.inFlight += 1;
    response.on('close', () => {
      tally.inFlight -= 1;
      const method = request.method ?? '';
      const [path = ''] = (request.url ?? '').split('?');
      const found = match(rows, method, path);
      tally.answered(
        method,
        found.kind === 'route' ? found.route.path : undefined,
        response.statusCode,
      );
    });
    listener(request, response);
  };
}
