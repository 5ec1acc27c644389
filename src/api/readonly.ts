/**
 * What the read-only socket answers: the rows that allow it, with secrets taken out; every other one with 403. Nobody
 * gets more by a row that forgot to say something.
 */
import { ApiError, type Reply } from './reply.ts';
import type { Route } from './route.ts';

/** Stands in the place of what this socket does not show. */
export const HIDDEN = '(not shown on the read-only socket)';

/**
 * Fields that hold secrets, or may: what is told to a guest at its start, and what it said. By name and wherever they
 * are, so that no new place of theirs is forgotten. From KubeVirt: `KernelBoot.kernelArgs`, the data of cloud-init
 * sources, `SysprepSource`; `last-applied-configuration` is a copy of the whole manifest (kubectl's); the tails are
 * those of a run's evidence.
 */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'kernelArgs',
  'userData',
  'userDataBase64',
  'networkData',
  'networkDataBase64',
  'kubectl.kubernetes.io/last-applied-configuration',
  'consoleTail',
  'stderrTail',
]);

/** @param socketPath of the socket that does all, to be named in refusals */
export function readonlyRoutes(rows: readonly Route[], socketPath: string): readonly Route[] {
  return rows.map((row) =>
    row.readonly === true && row.method === 'GET'
      ? { ...row, handle: async (request) => withoutSecrets(await row.handle(request)) }
      : { ...row, handle: () => refuse(row, socketPath) },
  );
}

/** The same rows, and none of them for the read-only socket. */
export function refusing(rows: readonly Route[]): readonly Route[] {
  return rows.map(({ readonly: _, ...row }) => row);
}

function refuse({ method }: Route, socketPath: string): never {
  const what = method === 'GET' ? 'does not show this' : `takes no ${method}`;
  throw new ApiError(`the read-only socket ${what}; use ${socketPath}`, { code: 403 });
}

function withoutSecrets(reply: Reply): Reply {
  switch (reply.kind) {
    case 'json':
      return { ...reply, body: redacted(reply.body) as object };
    case 'stream':
      return { ...reply, chunks: (signal) => redactedLines(reply.chunks(signal)) };
    case 'bytes':
      return reply;
  }
}

/** A stream of this socket is lines of JSON, and so are its chunks as far as they are whole. */
async function* redactedLines(chunks: AsyncIterable<string>): AsyncIterable<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    // Also when it is empty: the first chunk may be.
    yield lines.map((line) => `${JSON.stringify(redacted(JSON.parse(line)))}\n`).join('');
  }
}

/** The same value with every secret field's text replaced, and the values of Secrets by empty ones. Pure. */
export function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value !== 'object' || value === null) return value;
  const isSecret = 'kind' in value && value.kind === 'Secret';
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (isSecret && VALUES.has(key)) return [key, emptied(inner)];
      return [key, SECRET_FIELDS.has(key) && inner !== '' ? HIDDEN : redacted(inner)];
    }),
  );
}

/** Where a Secret has its values. */
const VALUES: ReadonlySet<string> = new Set(['data', 'stringData']);

/** The keys alone: an empty text is base64, as clients want it. */
function emptied(values: unknown): object {
  return Object.fromEntries(Object.keys(Object(values)).map((key) => [key, '']));
}
