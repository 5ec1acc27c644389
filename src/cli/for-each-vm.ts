/**
 * One command for several VMs: all are tried at once, answers are printed in the order of the arguments.
 */
import type { CliContext } from './context.ts';
import { InterruptedError, NoDaemonError, printError, SolovirtError } from './errors.ts';

interface Attempts<Out> {
  /** Results of those that went well, in order. */
  readonly done: readonly Out[];
  readonly anyFailed: boolean;
}

/**
 * Runs `attempt` for each item; prints `words` of its result, or its error.
 * @throws NoDaemonError and InterruptedError at once, since they concern all items alike
 */
export async function forEachVm<In, Out>(
  context: CliContext,
  items: readonly In[],
  attempt: (item: In) => Promise<Out>,
  words: (out: Out) => string,
): Promise<Attempts<Out>> {
  // Settled one by one, so that a late failure is no unhandled rejection while an early item is awaited.
  const attempts = items.map((item) =>
    attempt(item).then(
      (out) => ({ ok: true as const, out }),
      (error: unknown) => ({ ok: false as const, error }),
    ),
  );
  const done: Out[] = [];
  let anyFailed = false;
  for (const pending of attempts) {
    const result = await pending;
    if (result.ok) {
      done.push(result.out);
      context.stdout.write(`${words(result.out)}\n`);
      continue;
    }
    const { error } = result;
    const concernsAll = error instanceof NoDaemonError || error instanceof InterruptedError;
    if (concernsAll || !(error instanceof SolovirtError)) throw error;
    printError(context, error);
    anyFailed = true;
  }
  return { done, anyFailed };
}
